import t from 'tap'
import type { Config } from '../../../src/config/config.ts'
import { ConfigError } from '../../../src/config/config-error.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { listMistakes, noFile, REQUIRED, readFrom } from './config-fixture.ts'

const load = (env: Record<string, string>, files: Record<string, string> = {}, envFile?: string) =>
  loadConfig({ env: { ...REQUIRED, ...env }, readFile: readFrom(files), envFile })

t.test(
  'the four required settings are enough, and every other has its documented default',
  async (t) => {
    const config = load({})
    t.equal(config.upstream.url.href, 'http://localhost:8321/')
    t.equal(config.upstream.connectTimeoutMs, 5000)
    t.equal(config.upstream.headersTimeoutMs, 600_000)
    t.same(config.listen, { host: '127.0.0.1', port: 8322 })
    t.same(config.admin, { host: '127.0.0.1', port: 8323 })
    t.same(config.policy, {
      allowedScopes: ['llama:*', 'mcp:*'],
      deniedScopes: ['*:admin', '*:admin:*'],
      isDeniedDefault: true,
      maxScopes: 50,
      policyFile: undefined,
      llamaStackConfig: undefined,
    })
    t.same(config.budget, { perMinute: 60, perSecond: 500 })
    t.same(config.cache, { maxEntries: 10_000, maxTtlMs: 300_000 })
    t.same(config.replay, { maxBytes: 16_777_216, totalBytes: 67_108_864 })
    t.equal(config.shutdownGraceMs, 25_000)
    t.same(config.trustedProxies, [])
    const noTls = { authorities: [], identity: undefined }
    t.same([config.upstream.tls, config.keycloak.tls], [noTls, noTls])
    t.equal(config.outcomeHeader, true)
    t.same(config.readyRequires, [])
    t.equal(config.logLevel, 'info')
  },
)

t.test('the addresses at Keycloak are made of server and realm', async (t) => {
  const { keycloak } = load({})
  t.equal(keycloak.issuer, 'http://localhost:8002/realms/authentication-demo')
  t.equal(keycloak.tokenEndpoint.href, `${keycloak.issuer}/protocol/openid-connect/token`)
  t.equal(keycloak.jwksUri.href, `${keycloak.issuer}/protocol/openid-connect/certs`)
  t.equal(keycloak.discoveryUrl.href, `${keycloak.issuer}/.well-known/openid-configuration`)
  t.equal(keycloak.clientId, 'scopelift')
  const { secret, method } = secretOf(keycloak)
  t.equal(secret.secret.expose(), 'hunter2')
  t.equal(secret.kind, 'value')
  t.equal(method, 'client_secret_basic')
  t.equal(keycloak.exchangeTimeoutMs, 5000)
  t.same(keycloak.audience, [])
})

t.test(
  'a path and a trailing slash of the server are handled, and the realm is encoded',
  async (t) => {
    const { keycloak } = load({
      KEYCLOAK_SERVER_URL: 'https://kc.example.com/auth//',
      KEYCLOAK_REALM: 'my realm',
    })
    t.equal(keycloak.issuer, 'https://kc.example.com/auth/realms/my%20realm')
  },
)

t.test(
  'an issuer of its own is kept exactly, and does not change where Keycloak is asked',
  async (t) => {
    const { keycloak } = load({ KEYCLOAK_ISSUER: 'https://Login.example.com:443/realms/r' })
    t.equal(keycloak.issuer, 'https://Login.example.com:443/realms/r')
    t.equal(keycloak.jwksUri.host, 'localhost:8002')
  },
)

t.test('audiences are sorted and each stands once', async (t) => {
  t.same(load({ KEYCLOAK_AUDIENCE: ' b  a\tb ' }).keycloak.audience, ['a', 'b'])
})

t.test(
  'the default of DENIED_SCOPES is told apart from the same patterns written down',
  async (t) => {
    const config = load({ DENIED_SCOPES: '*:admin *:admin:*' })
    t.equal(config.policy.isDeniedDefault, false)
    t.equal(load({ DENIED_SCOPES: ' ' }).policy.isDeniedDefault, true)
  },
)

t.test('an empty variable is unset', async (t) => {
  t.equal(load({ PORT: '', LOG_LEVEL: '  ' }).listen.port, 8322)
  t.same(listMistakes({ KEYCLOAK_REALM: '' }), ['KEYCLOAK_REALM: is missing'])
})

t.test('the .env file is read, and the process environment wins', async (t) => {
  const files = { '.env': 'PORT=1111\nexport ADMIN_PORT="2222"\n# PORT=3\nHOST=::1\n' }
  const config = load({ PORT: '4444', HOST: '' }, files, '.env')
  t.same([config.listen.port, config.admin.port, config.listen.host], [4444, 2222, '::1'])
})

t.test('a .env file that cannot be read is a mistake', async (t) => {
  const error = catchConfigError(() => load({}, {}, 'missing.env'))
  t.equal(
    error.message,
    '--env-file: names a file that cannot be read (ENOENT): there is no such file; a relative path starts in the current folder; for example --env-file=.env',
  )
})

t.test('what a .env file that cannot be read may hold is not missing', async (t) => {
  const options = { env: { PORT: 'x' }, readFile: noFile, envFile: 'missing.env' }
  const { entries } = catchConfigError(() => loadConfig(options))
  t.same(
    entries.map(({ variable }) => variable),
    ['--env-file', 'PORT'],
  )
})

t.test('the secret comes from a file, less one trailing newline', async (t) => {
  for (const [text, secret] of [
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3cret ', ' s3cret '],
  ] as const) {
    const source = secretOf(loadWithSecretFile({ '/run/s': text }).keycloak).secret
    t.equal(source.secret.expose(), secret)
    t.equal(source.kind === 'file' && source.path, '/run/s')
  }
})

t.test('a secret file that is missing or empty is the one mistake', async (t) => {
  for (const [files, reason] of [
    [
      {},
      'cannot be read (ENOENT): there is no such file; a relative path starts in the current folder',
    ],
    [{ '/run/s': '' }, 'names an empty file'],
    [{ '/run/s': ' \n' }, 'names an empty file'],
  ] as const) {
    const { entries } = catchConfigError(() => loadWithSecretFile(files))
    t.same(
      entries.map((entry) => [entry.variable, entry.reason]),
      [['KEYCLOAK_CLIENT_SECRET_FILE', reason]],
    )
  }
})

t.test('a secret beside its file is a mistake', async (t) => {
  t.same(listMistakes({ KEYCLOAK_CLIENT_SECRET_FILE: '/run/s' }), [
    'KEYCLOAK_CLIENT_SECRET_FILE: is set beside KEYCLOAK_CLIENT_SECRET: one of the two must go',
  ])
})

t.test('all mistakes are reported together, one line each with an example', async (t) => {
  const env = {
    KEYCLOAK_SERVER_URL: 'ftp://localhost',
    PORT: 'http',
    ADMIN_PORT: '70000',
    READY_REQUIRES: 'keycloak database',
    TRUSTED_PROXIES: 'proxy.local',
    CA_FILE: '/nowhere',
    REPLAY_MAX_BYTES: '2MiB',
    REPLAY_TOTAL_BYTES: '1MiB',
  }
  const error = catchConfigError(() => loadConfig({ env, readFile: noFile }))
  t.equal(error.code, 'ERR_CONFIG')
  t.same(error.entries.map(({ variable }) => variable).sort(), [
    'ADMIN_PORT',
    'CA_FILE',
    'KEYCLOAK_CLIENT_ID',
    'KEYCLOAK_CLIENT_SECRET',
    'KEYCLOAK_REALM',
    'KEYCLOAK_SERVER_URL',
    'PORT',
    'READY_REQUIRES',
    'REPLAY_MAX_BYTES',
    'TRUSTED_PROXIES',
  ])
  const lines = error.message.split('\n')
  t.equal(lines.length, 10)
  for (const line of lines) t.match(line, /^[A-Z_]+: .+; for example [A-Z_]+=./)
})

t.test('two listeners cannot share one port of one address', async (t) => {
  const clash = ['ADMIN_PORT: must not be the same as PORT on the same address']
  t.same(listMistakes({ PORT: '9000', ADMIN_PORT: '9000' }), clash)
  t.same(listMistakes({ PORT: '9000', ADMIN_PORT: '9000', HOST: '0.0.0.0' }), clash)
  t.same(listMistakes({ PORT: '9000', ADMIN_PORT: '9000', HOST: 'localhost' }), clash)
  t.same(listMistakes({ PORT: '9000', ADMIN_PORT: '9000', HOST: '10.0.0.1' }), [])
  t.same(listMistakes({ PORT: '0', ADMIN_PORT: '0' }), [])
})

t.test('the upstream cannot be one of our own listeners', async (t) => {
  const back = ['UPSTREAM_URL: must not lead back to PORT']
  const admin = ['UPSTREAM_URL: must not lead to ADMIN_PORT']
  for (const host of ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]', 'me.localhost']) {
    t.same(listMistakes({ UPSTREAM_URL: `http://${host}:8322` }), back, host)
    t.same(listMistakes({ UPSTREAM_URL: `http://${host}:8323/v1` }), admin, host)
  }
  t.same(
    listMistakes({ UPSTREAM_URL: 'http://10.0.0.7:9000', HOST: '10.0.0.7', PORT: '9000' }),
    back,
  )
  t.same(listMistakes({ UPSTREAM_URL: 'http://10.0.0.8:9000', HOST: '10.0.0.7', PORT: '9000' }), [])
  t.same(listMistakes({ UPSTREAM_URL: 'http://localhost', PORT: '80' }), back)
  t.same(listMistakes({ UPSTREAM_URL: 'http://localhost', PORT: '443' }), [])
  t.same(listMistakes({ UPSTREAM_URL: 'https://localhost', PORT: '443' }), back)
  t.same(listMistakes({ UPSTREAM_URL: 'https://localhost', PORT: '80' }), [])
})

t.test('plain http to Keycloak is accepted on loopback only, unless it is allowed', async (t) => {
  const urls = [
    'http://localhost:8080',
    'http://kc.localhost',
    'http://127.3.2.1:8080',
    'http://[::1]:8080',
    'https://keycloak:8443',
  ]
  for (const url of urls) t.same(listMistakes({ KEYCLOAK_SERVER_URL: url }), [], url)
  for (const url of ['http://keycloak:8080', 'http://10.0.0.1', 'http://localhost.example.com']) {
    t.match(
      listMistakes({ KEYCLOAK_SERVER_URL: url }),
      [/^KEYCLOAK_SERVER_URL: must be https/],
      url,
    )
    t.same(listMistakes({ KEYCLOAK_SERVER_URL: url, ALLOW_INSECURE_KEYCLOAK: 'true' }), [], url)
  }
})

t.test('what is allowed but deserves a look is a warning', async (t) => {
  const quiet = { KEYCLOAK_AUDIENCE: 'llama-stack' }
  t.same(load(quiet).warnings, [])
  t.match(load({}).warnings, [/^KEYCLOAK_AUDIENCE is not set/])
  t.match(load({ ...quiet, ALLOWED_SCOPES: 'llama:* *' }).warnings, [/^ALLOWED_SCOPES holds `\*`/])
  t.same(load({ ...quiet, ALLOWED_SCOPES: '*:read' }).warnings, [])
  for (const variable of ['ALLOWED_SCOPES', 'DENIED_SCOPES', 'KEYCLOAK_AUDIENCE']) {
    const commas = { ...quiet, [variable]: 'llama:a,llama:b' }
    t.match(load(commas).warnings, [
      new RegExp(`^${variable} holds a comma, .*separated by spaces`),
    ])
  }
  t.match(load({ ...quiet, ALLOWED_SCOPES: '**' }).warnings, [/^ALLOWED_SCOPES holds `\*\*`/])
  t.same(load({ ...quiet, ALLOWED_SCOPES: '*:*' }).warnings, [])
  for (const everybody of ['0.0.0.0/0', '::/0']) {
    t.match(load({ ...quiet, TRUSTED_PROXIES: `10.0.0.1 ${everybody}` }).warnings, [
      `TRUSTED_PROXIES holds \`${everybody}\`: every caller`,
    ])
  }
  t.same(load({ ...quiet, TRUSTED_PROXIES: '10.0.0.0/8 fd00::/10' }).warnings, [])
  t.match(load({ ...quiet, KEYCLOAK_CLIENTID: 'x' }).warnings, [/did you mean KEYCLOAK_CLIENT_ID/])
  t.match(load(quiet, { e: 'MAX_SCOPE=3' }, 'e').warnings, [/did you mean MAX_SCOPES/])
})

t.test('plain http to an upstream beyond machine and cluster is a warning', async (t) => {
  const warningsFor = (url: string) =>
    load({ KEYCLOAK_AUDIENCE: 'llama-stack', UPSTREAM_URL: url }).warnings
  const near = [
    'http://localhost:1',
    'http://127.0.0.9:1',
    'http://[::1]:1',
    'http://llama-stack:8321',
    'http://llama.ai.svc',
    'http://llama.ai.svc.cluster.local.',
    'http://host.docker.internal',
    'https://api.example.com',
  ]
  for (const url of near) t.same(warningsFor(url), [], url)
  const far = [
    'http://api.example.com',
    'http://10.0.0.7:8321',
    'http://[2001:db8::1]',
    'http://x.svc.com',
  ]
  for (const url of far)
    t.match(warningsFor(url), [/^UPSTREAM_URL is plain http .*in the clear/], url)
})

t.test('the configuration is frozen all the way down', async (t) => {
  const config = load({ KEYCLOAK_AUDIENCE: 'a' })
  const { keycloak } = config
  const holders = [config, keycloak, keycloak.audience, secretOf(keycloak).secret]
  for (const holder of [...holders, config.policy.allowedScopes, config.warnings]) {
    t.ok(Object.isFrozen(holder))
  }
})

t.test('one load does not influence the next', async (t) => {
  t.equal(load({ PORT: '1', ALLOWED_SCOPES: 'x' }).listen.port, 1)
  t.same(load({}).policy.allowedScopes, ['llama:*', 'mcp:*'])
})

function secretOf({ authentication }: Config['keycloak']) {
  if ('secret' in authentication) return authentication
  throw new Error('it authenticates without a secret')
}

function loadWithSecretFile(files: Record<string, string>): Config {
  const { KEYCLOAK_CLIENT_SECRET: _, ...rest } = REQUIRED
  const env = { ...rest, KEYCLOAK_CLIENT_SECRET_FILE: '/run/s' }
  return loadConfig({ env, readFile: readFrom(files) })
}

function catchConfigError(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('no ConfigError was thrown')
}
