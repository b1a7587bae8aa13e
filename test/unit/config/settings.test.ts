import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { parseLiteral } from '../../../src/config/parse-literal.ts'
import type { SettingName } from '../../../src/config/settings-schema.ts'
import { createJsonSchema, listSettings, SETTINGS } from '../../../src/config/settings-schema.ts'
import { listMistakes, REQUIRED } from './config-fixture.ts'

const CERTIFICATE = rootCertificates[0] ?? ''

const FILES = {
  '/ca.pem': `# ours\n${CERTIFICATE}\n${CERTIFICATE}\n`,
  '/text.pem': 'no certificate',
  '/broken.pem': `${CERTIFICATE}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
  '/policy.yaml': 'routes: []',
}

interface Row {
  readonly valid: readonly string[]
  readonly invalid: readonly string[]
}

const SCOPE_PATTERNS = { valid: ['a', '*', 'a:* b:c', 'x!#[]~'], invalid: ['a"b', 'a\\b', 'é'] }
const HOSTS = {
  valid: ['0.0.0.0', '::', '::1', 'localhost', 'a-b.example.com', 'fe80::1%eth0'],
  invalid: ['[::1]', 'http://localhost', 'localhost:80', 'a b', '-a', 'a/b'],
}
const PORTS = {
  valid: ['0', '65535'],
  invalid: ['-1', '65536', '80.5', '0x50', '1e3', 'http', '８'],
}
const TIMEOUTS = { valid: ['1', '600000'], invalid: ['0', '-5', '5s', '99999999999'] }
const AUTHORITIES = { valid: ['/ca.pem'], invalid: ['/nowhere', '/text.pem', '/broken.pem'] }
const BOOLEANS = { valid: ['true', 'false'], invalid: ['1', '0', 'yes', 'TRUE', 'on'] }

const ROWS: Readonly<Record<SettingName, Row>> = {
  KEYCLOAK_SERVER_URL: {
    valid: ['https://kc.example.com', 'https://kc/auth/', 'HTTP://LOCALHOST:1'],
    invalid: [
      'kc.example.com',
      'ftp://kc',
      'http:localhost',
      'https://',
      'https://u:p@kc',
      'https://kc?x',
      'https://kc#x',
      'https://kc\\x',
      'https://kc/realms/demo',
      'https://kc:99999',
    ],
  },
  KEYCLOAK_REALM: {
    valid: ['master', 'my realm'],
    invalid: ['..', '.', 'a/b', 'a?b', 'a#b', 'a\\b', '"a"', "'a'"],
  },
  KEYCLOAK_CLIENT_ID: { valid: ['scopelift', 'https://client.example/id'], invalid: [] },
  KEYCLOAK_CLIENT_SECRET: { valid: ['x', ' p=&%+ \u00e9'], invalid: [] },
  // What is wrong with a key is said where it is used: see client-authentication.test.ts.
  KEYCLOAK_CLIENT_KEY: { valid: ['x'], invalid: [] },
  KEYCLOAK_CLIENT_KEY_ID: { valid: ['k1', 'x#/+='], invalid: ['a b', 'é', 'x'.repeat(201)] },
  KEYCLOAK_CLIENT_KEY_ALG: {
    valid: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    invalid: ['HS256', 'none', 'ES512', 'eddsa'],
  },
  KEYCLOAK_CLIENT_ASSERTION_FILE: { valid: ['/not/there/yet'], invalid: [] },
  KEYCLOAK_AUDIENCE: { valid: ['a', 'a b https://api'], invalid: ['a\u0000', '\u0007'] },
  KEYCLOAK_ISSUER: {
    valid: ['http://keycloak:8080/realms/x', 'https://a/'],
    invalid: ['keycloak/realms/x', 'https://a/?b', 'https://u@a/'],
  },
  KEYCLOAK_AUTH_METHOD: {
    valid: ['client_secret_basic', 'client_secret_post'],
    invalid: ['client_secret_jwt', 'CLIENT_SECRET_POST'],
  },
  ALLOW_INSECURE_KEYCLOAK: BOOLEANS,
  EXCHANGE_TIMEOUT_MS: TIMEOUTS,
  UPSTREAM_URL: {
    valid: ['http://localhost:8321/v1', 'https://10.0.0.1', 'http://[::1]:80/'],
    invalid: ['localhost:8321', 'http://a?b=c', 'http://a?', 'http://a#', 'http://u:p@a', 'ws://a'],
  },
  HOST: HOSTS,
  PORT: PORTS,
  ADMIN_HOST: HOSTS,
  ADMIN_PORT: PORTS,
  UPSTREAM_CONNECT_TIMEOUT_MS: TIMEOUTS,
  UPSTREAM_HEADERS_TIMEOUT_MS: TIMEOUTS,
  TRUSTED_PROXIES: {
    valid: ['10.0.0.1', '10.0.0.0/8 ::1 fd00::/8'],
    invalid: ['10', '10.0.0.0/33', '010.0.0.1', '0x7f.1', 'proxy', 'fe80::1%eth0', '10.0.0.1,::1'],
  },
  CA_FILE: AUTHORITIES,
  KEYCLOAK_CA_FILE: AUTHORITIES,
  UPSTREAM_CA_FILE: AUTHORITIES,
  // Certificate and key go together: see tls-settings.test.ts.
  KEYCLOAK_TLS_CERT_FILE: { valid: [], invalid: ['/nowhere', '/ca.pem'] },
  KEYCLOAK_TLS_KEY_FILE: { valid: [], invalid: ['/nowhere', '/ca.pem'] },
  UPSTREAM_TLS_CERT_FILE: { valid: [], invalid: ['/nowhere', '/ca.pem'] },
  UPSTREAM_TLS_KEY_FILE: { valid: [], invalid: ['/nowhere', '/ca.pem'] },
  ALLOWED_SCOPES: SCOPE_PATTERNS,
  DENIED_SCOPES: SCOPE_PATTERNS,
  MAX_SCOPES: { valid: ['1', '1000'], invalid: ['0', '1001', 'all'] },
  POLICY_FILE: { valid: ['/policy.yaml'], invalid: ['/nowhere'] },
  LLAMA_STACK_CONFIG: { valid: ['/policy.yaml'], invalid: ['/nowhere'] },
  EXCHANGES_PER_MINUTE: { valid: ['0', '1'], invalid: ['-1', '1.5', 'off'] },
  EXCHANGES_PER_SECOND: { valid: ['0', '1'], invalid: ['-1', '1.5', 'off'] },
  CACHE_MAX_ENTRIES: { valid: ['1', '1000000'], invalid: ['0', '1000001'] },
  CACHE_MAX_TTL_MS: TIMEOUTS,
  REPLAY_MAX_BYTES: {
    valid: ['0', '1024', '64KiB', '16 MiB'],
    invalid: ['-1', '16MB', '1.5MiB', 'MiB', '2000MiB', '16mib'],
  },
  REPLAY_TOTAL_BYTES: { valid: ['16777216', '1024MiB'], invalid: ['-1', '1GB', '16MiB0'] },
  SHUTDOWN_GRACE_MS: { valid: ['0', '25000'], invalid: ['-1', '25s'] },
  OUTCOME_HEADER: BOOLEANS,
  READY_REQUIRES: {
    valid: ['keycloak', 'upstream keycloak'],
    invalid: ['redis', 'keycloak,upstream'],
  },
  LOG_LEVEL: { valid: ['trace', 'silent'], invalid: ['verbose', 'INFO', '30'] },
}

for (const [name, { valid, invalid }] of Object.entries(ROWS)) {
  t.test(`${name} accepts what it says and refuses the rest`, async (t) => {
    for (const text of valid) {
      t.same(listMistakes({ [name]: text }, FILES), [], JSON.stringify(text))
    }
    for (const text of invalid) {
      const mistakes = listMistakes({ [name]: text }, FILES)
      t.equal(mistakes.length, 1, JSON.stringify(text))
      t.match(mistakes[0], new RegExp(`^${name}: `), JSON.stringify(text))
    }
  })
}

t.test('every default and every example is itself valid', async (t) => {
  const isFile = (name: SettingName) => SETTINGS[name].kind === 'file'
  for (const [name, setting] of listSettings()) {
    t.not(parseLiteral(setting, setting.example), undefined, name)
    if (!isFile(name)) t.same(listMistakes({ [name]: setting.example }), [], name)
  }
})

t.test('every setting has its row in the table above', async (t) => {
  t.same(Object.keys(SETTINGS).sort(), Object.keys(ROWS).sort())
})

t.test('each JSON schema is a copy of its own, since env-schema writes into it', async (t) => {
  const { properties } = createJsonSchema()
  t.ok(properties)
  t.not(properties, createJsonSchema().properties)
})

t.test(
  'no text of an error repeats a value, whatever is wrong and wherever a secret was put',
  async () => {
    const names = [...Object.keys(SETTINGS), 'KEYCLOAK_CLIENT_SECRET_FILE']
    const secrets = fc.stringMatching(/^[A-Za-z0-9+/=%"\\@:?#]{12,40}$/)
    const known = readOwnTexts()
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), secrets, (misused, secret) => {
        fc.pre(!known.includes(secret))
        const env = Object.fromEntries(misused.map((name) => [name, secret]))
        return !listMistakes(env).join('\n').includes(secret)
      }),
    )
    fc.assert(
      fc.property(secrets, (secret) => {
        const env = { ...REQUIRED, KEYCLOAK_SERVER_URL: `https://user:${secret}@kc`, PORT: secret }
        return !listMistakes(env).join('\n').includes(secret)
      }),
    )
  },
)

t.test('any whole number is parsed as itself, any other text as none', async () => {
  fc.assert(
    fc.property(fc.nat(), (number) => parseLiteral(SETTINGS.PORT, ` ${number} `) === number),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const literal = parseLiteral(SETTINGS.PORT, text)
      return literal === undefined || String(literal) === text.trim().replace(/^0+(?=\d)/, '')
    }),
  )
})

function readOwnTexts(): string {
  const folder = new URL('../../../src/config/', import.meta.url)
  return ['keycloak', 'network', 'policy', 'operation']
    .map((part) => readFileSync(fileURLToPath(new URL(`${part}-settings.ts`, folder)), 'utf8'))
    .join('\n')
}
