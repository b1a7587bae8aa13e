import { randomBytes } from 'node:crypto'
import { logIn, logInWithDpop, withUserEnded } from '../caller-tokens.ts'
import type { Case } from '../case.ts'
import { clientScope } from '../realm.ts'

export const CALLER_CASES: readonly Case[] = [
  {
    sentence: 'the login client has no audience mapper',
    spoil: ({ login }) => {
      login.protocolMappers = []
    },
    expected: ['token-not-for-client'],
    exitCode: 1,
  },
  {
    sentence: 'the user has not the role of a scope',
    spoil: ({ user }) => {
      user.realmRoles = []
    },
    expected: ['scope-not-granted'],
    exitCode: 0,
  },
  {
    sentence: 'a scope is not included in the token scope',
    spoil: ({ scopes }) => {
      for (const scope of scopes) scope.attributes['include.in.token.scope'] = 'false'
    },
    expected: ['scope-not-granted', 'scope-not-granted'],
    exitCode: 0,
  },
  {
    sentence: 'the caller holds a scope that the requester client has not',
    spoil: ({ login, scopes, names }) => {
      scopes.push(clientScope(`${names.free}:held`))
      login.defaultClientScopes.push(`${names.free}:held`)
    },
    expected: ['held-scopes-lost'],
    exitCode: 0,
  },
  {
    sentence: "the login client's tokens have no sub",
    spoil: ({ login }) => {
      login.defaultClientScopes = ['profile']
    },
    expected: ['token-without-sub'],
    exitCode: 1,
  },
  {
    sentence: 'the token is bound to a key',
    spoil: ({ login }) => {
      login.attributes['dpop.bound.access.tokens'] = 'true'
    },
    token: logInWithDpop,
    expected: ['token-sender-constrained'],
    exitCode: 1,
  },
  {
    sentence: 'the token is too long',
    spoil: ({ login }) => {
      login.protocolMappers.push({
        name: 'ballast',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-hardcoded-claim-mapper',
        config: {
          'claim.name': 'ballast',
          'claim.value': randomBytes(9_000).toString('hex'),
          'jsonType.label': 'String',
          'access.token.claim': 'true',
        },
      })
    },
    token: logIn,
    expected: ['token-too-long'],
    exitCode: 1,
  },
  {
    sentence: 'the token was issued to the requester client itself',
    spoil: ({ requester }) => {
      requester.directAccessGrantsEnabled = true
    },
    token: (place) =>
      logIn(place, 'access_token', {
        client_id: place.names.requester,
        client_secret: place.names.secret,
      }),
    expected: ['login-is-requester'],
    exitCode: 0,
  },
  {
    sentence: 'the token is an ID token',
    token: (place) => logIn(place, 'id_token'),
    expected: ['token-not-access'],
    exitCode: 1,
  },
  {
    sentence: 'the token is a refresh token',
    token: (place) => logIn(place, 'refresh_token'),
    expected: ['token-not-access'],
    exitCode: 1,
  },
  {
    sentence: 'the token is no JWT',
    token: async () => 'opaque',
    expected: ['token-not-jwt'],
    exitCode: 1,
  },
  {
    sentence: 'the token has expired',
    spoil: ({ login }) => {
      login.attributes['access.token.lifespan'] = '1'
    },
    token: logIn,
    expected: ['token-expired'],
    exitCode: 1,
  },
  {
    sentence: 'the user has logged out',
    token: (place) => withUserEnded(place, 'logout'),
    expected: ['token-refused'],
    exitCode: 1,
  },
  {
    sentence: 'the user is disabled',
    token: (place) => withUserEnded(place, 'disable'),
    expected: ['token-refused'],
    exitCode: 1,
  },
  {
    sentence: 'the password is wrong',
    password: 'wrong',
    expected: ['login-failed'],
    exitCode: 1,
  },
  {
    sentence: 'the login client has another id',
    args: ['--login', 'somebody', '--login-client', 'no-such-client'],
    expected: ['login-client-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the login client takes no password',
    spoil: ({ login }) => {
      login.directAccessGrantsEnabled = false
    },
    expected: ['direct-grants-off'],
    exitCode: 1,
  },
]
