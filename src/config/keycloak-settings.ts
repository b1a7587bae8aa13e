import { SIGNING_ALGORITHMS } from './client-key.ts'
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
      // `kubectl create configmap --from-env-file` keeps quotes, and no realm has a name that begins with one.
      pattern: '^(?!\\.{1,2}$|["\'])[^/\\\\?#\\u0000-\\u001f\\u007f]+$',
      reason: 'must be the name of a realm without quotes around it, not a path or URL',
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
    isSecret: true,
    requiredBy: 'client_secret_basic and client_secret_post',
    example: '<secret of the client>',
    meaning: 'Its secret; or `KEYCLOAK_CLIENT_SECRET_FILE`, a file that holds it',
  },
  KEYCLOAK_CLIENT_KEY: {
    group: 'Keycloak',
    kind: 'text',
    isSecret: true,
    requiredBy: 'private_key_jwt',
    example: '<private key of the client>',
    meaning:
      'Its private key: PEM (PKCS#8) or a JWK; or `KEYCLOAK_CLIENT_KEY_FILE`, a file that holds it',
  },
  KEYCLOAK_CLIENT_KEY_ID: {
    group: 'Keycloak',
    kind: 'text',
    shownDefault: 'as the JWK says',
    example: 'scopelift-1',
    meaning: 'The `kid` under which Keycloak has the public key',
    rule: {
      pattern: '^[\\x21-\\x7e]{1,200}$',
      reason: 'must be a key id of at most 200 characters, without spaces',
    },
  },
  KEYCLOAK_CLIENT_KEY_ALG: {
    group: 'Keycloak',
    kind: 'choice',
    choices: SIGNING_ALGORITHMS,
    shownDefault: 'as the key says',
    example: 'PS256',
    meaning: 'How that key signs',
  },
  KEYCLOAK_CLIENT_ASSERTION_FILE: {
    group: 'Keycloak',
    kind: 'file',
    requiredBy: 'federated_jwt',
    example: '/var/run/secrets/keycloak/token',
    meaning:
      'A file with a token that says who the client is, a projected service account token; read for each exchange',
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
    choices: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'federated_jwt'],
    default: 'client_secret_basic',
    example: 'client_secret_basic',
    meaning: 'How the requester client authenticates',
  },
  KEYCLOAK_CA_FILE: {
    group: 'Keycloak',
    kind: 'file',
    example: '/etc/ssl/keycloak-ca.pem',
    meaning: 'Certificates (PEM) that are trusted for Keycloak alone; `CA_FILE` is for both peers',
  },
  KEYCLOAK_TLS_CERT_FILE: {
    group: 'Keycloak',
    kind: 'file',
    example: '/etc/scopelift/keycloak/tls.crt',
    meaning: 'Client certificate (PEM, with its chain) for TLS to a Keycloak that wants one',
  },
  KEYCLOAK_TLS_KEY_FILE: {
    group: 'Keycloak',
    kind: 'file',
    example: '/etc/scopelift/keycloak/tls.key',
    meaning: 'Private key (PEM) of that certificate',
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
