import type { Case } from '../case.ts'

export const SETTINGS_CASES: readonly Case[] = [
  {
    sentence: 'settings are wrong that Keycloak does not need: it is asked all the same',
    env: () => ({ PORT: 'high', LOG_LEVEL: 'loud', KEYCLOAK_AUDIENC: 'x' }),
    expected: ['setting-invalid', 'setting-invalid', 'setting-misspelled'],
    exitCode: 78,
  },
  {
    sentence: 'the secret is missing: the realm is asked all the same',
    env: () => ({ KEYCLOAK_CLIENT_SECRET: '' }),
    args: [],
    expected: ['setting-invalid', 'client-untested', 'token-absent'],
    exitCode: 78,
  },
  {
    sentence: 'the realm is missing',
    env: () => ({ KEYCLOAK_REALM: '' }),
    expected: ['setting-invalid', 'keycloak-untested'],
    exitCode: 78,
  },
  {
    sentence: 'the policy is broken',
    policy: 'routes: [{ match: { path: /v1/other }, scops: [a] }]',
    expected: ['policy-file-broken'],
    exitCode: 78,
  },
  {
    sentence: 'the settings forbid a scope of the policy',
    env: ({ names }) => ({ ALLOWED_SCOPES: names.free }),
    expected: ['scope-forbidden'],
    exitCode: 1,
  },
  {
    sentence: 'there is no policy',
    env: () => ({ POLICY_FILE: '' }),
    expected: ['policy-absent'],
    exitCode: 0,
  },
]
