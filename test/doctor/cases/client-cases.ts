import type { Case } from '../case.ts'
import { clientScope } from '../realm.ts'

export const CLIENT_CASES: readonly Case[] = [
  {
    sentence: 'the secret is wrong',
    env: () => ({ KEYCLOAK_CLIENT_SECRET: 'wrong' }),
    expected: ['client-secret-wrong'],
    exitCode: 1,
  },
  {
    sentence: 'the client has another id',
    env: () => ({ KEYCLOAK_CLIENT_ID: 'no-such-client' }),
    expected: ['client-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the client is disabled',
    spoil: ({ requester }) => {
      requester.enabled = false
    },
    expected: ['client-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the client authenticates by a signed JWT',
    spoil: ({ requester }) => {
      requester.clientAuthenticatorType = 'client-jwt'
    },
    expected: ['client-wants-assertion'],
    exitCode: 1,
  },
  {
    sentence: 'the client authenticates by a federated JWT',
    spoil: ({ requester }) => {
      requester.clientAuthenticatorType = 'federated-jwt'
    },
    expected: ['client-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the client authenticates by a certificate',
    spoil: ({ requester }) => {
      requester.clientAuthenticatorType = 'client-x509'
    },
    expected: ['client-authentication-refused'],
    exitCode: 1,
  },
  {
    sentence: 'the client is bearer-only',
    spoil: ({ requester }) => {
      requester.bearerOnly = true
      requester.serviceAccountsEnabled = false
    },
    expected: ['client-authentication-refused'],
    exitCode: 1,
  },
  {
    sentence: 'the client is public',
    spoil: ({ requester }) => {
      requester.publicClient = true
      requester.serviceAccountsEnabled = false
    },
    args: [],
    expected: ['client-public', 'token-absent'],
    exitCode: 1,
  },
  {
    sentence: 'the exchange is switched off',
    spoil: ({ requester }) => {
      requester.attributes = { 'standard.token.exchange.enabled': 'false' }
    },
    expected: ['exchange-switched-off'],
    exitCode: 1,
  },
  {
    sentence: 'a scope is not attached',
    spoil: ({ requester, names }) => {
      requester.optionalClientScopes = ['profile', 'email', names.gated]
    },
    expected: ['scope-not-attached'],
    exitCode: 1,
  },
  {
    sentence: "a scope is not attached, and only a user's token tells",
    spoil: ({ requester, names }) => {
      requester.optionalClientScopes = ['profile', 'email', names.gated]
      requester.serviceAccountsEnabled = false
    },
    expected: ['scope-not-attached'],
    exitCode: 1,
  },
  {
    sentence: 'the audience is no client',
    env: () => ({ KEYCLOAK_AUDIENCE: 'no-such-client' }),
    expected: ['audience-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the requester client has no audience mapper',
    spoil: ({ requester }) => {
      requester.protocolMappers = []
    },
    expected: ['audience-not-available'],
    exitCode: 1,
  },
  {
    sentence: 'the client wants a consent',
    spoil: ({ requester }) => {
      requester.consentRequired = true
    },
    expected: ['consent-missing'],
    exitCode: 1,
  },
  {
    sentence: 'the client has a denied scope by default',
    spoil: ({ requester, scopes, names }) => {
      scopes.push(clientScope(`${names.free}:admin`))
      requester.defaultClientScopes.push(`${names.free}:admin`)
    },
    expected: ['denied-scope-by-default'],
    exitCode: 1,
  },
]
