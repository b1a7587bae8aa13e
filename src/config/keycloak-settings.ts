import type { Setting } from './setting.ts'

export const KEYCLOAK_SETTINGS = {
  KEYCLOAK_SERVER_URL: {
    group: 'Keycloak',
    kind: 'url',
    isRequired: true,
    example: 'http://localhost:8002',
    meaning: 'Base URL of Keycloak; a path such as `/auth` is kept',
  },
  KEYCLOAK_REALM: {
    group: 'Keycloak',
    kind: 'text',
    isRequired: true,
    example: 'authentication-demo',
    meaning: 'The realm that issues the tokens',
    rule: {
      pattern: '^(?!\\.{1,2}$)[^/\\\\?#\\u0000-\\u001f\\u007f]+$',
      reason: 'must be the name of a realm, not a path or URL',
    },
  },
  KEYCLOAK_CLIENT_ID: {
    group: 'Keycloak',
    kind: 'text',
    isRequired: true,
    example: 'scopelift',
    meaning: 'The requester client: the confidential client that sends the exchange',
  },
  KEYCLOAK_CLIENT_SECRET: {
    group: 'Keycloak',
    kind: 'text',
    isRequired: true,
    isSecret: true,
    example: '<secret of the client>',
    meaning: 'Its secret; or `KEYCLOAK_CLIENT_SECRET_FILE`, a file that holds it',
  },
  KEYCLOAK_AUDIENCE: {
    group: 'Keycloak',
    kind: 'list',
    default: [],
    example: 'llama-stack',
    meaning: 'Audience of the issued token: client ids, separated by spaces',
    rule: {
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      reason: 'must be client ids, separated by spaces',
    },
  },
  KEYCLOAK_ISSUER: {
    group: 'Keycloak',
    kind: 'url',
    shownDefault: '{KEYCLOAK_SERVER_URL}/realms/{KEYCLOAK_REALM}',
    example: 'https://login.example.com/realms/authentication-demo',
    meaning: 'Issuer in the tokens, where they carry another host name than the one called here',
  },
  KEYCLOAK_AUTH_METHOD: {
    group: 'Keycloak',
    kind: 'choice',
    choices: ['client_secret_basic', 'client_secret_post'],
    default: 'client_secret_basic',
    example: 'client_secret_basic',
    meaning: 'How the requester client authenticates',
  },
  ALLOW_INSECURE_KEYCLOAK: {
    group: 'Keycloak',
    kind: 'boolean',
    default: false,
    example: 'true',
    meaning: 'Plain http to a Keycloak that is not on loopback',
  },
  EXCHANGE_TIMEOUT_MS: {
    group: 'Keycloak',
    kind: 'integer',
    default: 5000,
    min: 1,
    max: 600_000,
    example: '5000',
    meaning: 'Longest wait for one exchange, in milliseconds',
  },
} as const satisfies Record<string, Setting>
