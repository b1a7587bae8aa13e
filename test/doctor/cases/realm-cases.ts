import { logIn } from '../caller-tokens.ts'
import type { Case } from '../case.ts'

export const REALM_CASES: readonly Case[] = [
  {
    sentence: 'the realm has another name',
    env: () => ({ KEYCLOAK_REALM: 'no-such-realm' }),
    expected: ['realm-not-found', 'client-untested'],
    exitCode: 1,
  },
  {
    sentence: 'the realm is disabled',
    realmFacts: { enabled: false },
    args: [],
    expected: ['realm-disabled', 'token-absent'],
    exitCode: 1,
  },
  {
    sentence: 'the realm wants https',
    realmFacts: { sslRequired: 'all' },
    expected: ['keycloak-wants-https', 'client-untested'],
    exitCode: 1,
  },
  {
    sentence: 'KEYCLOAK_ISSUER is another',
    env: ({ realmUrl }) => ({ KEYCLOAK_ISSUER: `${realmUrl}/` }),
    token: logIn,
    expected: ['issuer-mismatch', 'issued-token-invalid', 'token-foreign-issuer'],
    exitCode: 1,
  },
  {
    sentence: 'nobody listens at KEYCLOAK_SERVER_URL',
    env: () => ({ KEYCLOAK_SERVER_URL: 'http://127.0.0.1:9' }),
    expected: ['keycloak-unreachable', 'client-untested'],
    exitCode: 1,
  },
  {
    sentence: 'something else listens at KEYCLOAK_SERVER_URL',
    env: ({ upstreamUrl }) => ({ KEYCLOAK_SERVER_URL: upstreamUrl }),
    expected: ['not-keycloak', 'client-untested'],
    exitCode: 1,
  },
  {
    sentence: 'Keycloak speaks plain http, and is called by https',
    env: ({ admin }) => ({ KEYCLOAK_SERVER_URL: admin.origin.replace('http:', 'https:') }),
    expected: ['keycloak-without-tls', 'client-untested'],
    exitCode: 1,
  },
  {
    sentence: "Keycloak's clock is behind",
    clockAheadMs: 60_000,
    expected: ['clock-skew'],
    exitCode: 1,
  },
  {
    sentence: "Keycloak's clock is ahead, and only a user's token tells",
    spoil: ({ requester }) => {
      requester.serviceAccountsEnabled = false
    },
    clockAheadMs: -60_000,
    expected: ['clock-skew'],
    exitCode: 1,
  },
  {
    sentence: 'a scope of the policy is not in the realm',
    policy: 'routes: [{ match: { path: /v1/other }, scopes: [elsewhere:read] }]',
    env: () => ({ ALLOWED_SCOPES: 'elsewhere:*' }),
    expected: ['scope-not-in-realm'],
    exitCode: 1,
  },
  {
    sentence: 'a scope of the policy is not in the realm, and nobody can ask for it',
    policy: 'routes: [{ match: { path: /v1/other }, scopes: [elsewhere:read] }]',
    env: () => ({ ALLOWED_SCOPES: 'elsewhere:*', KEYCLOAK_CLIENT_SECRET: 'wrong' }),
    expected: ['client-secret-wrong', 'scope-not-in-realm'],
    exitCode: 1,
  },
]
