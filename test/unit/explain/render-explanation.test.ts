import t from 'tap'
import { createFolder } from '../../support/files.ts'
import { runInspection } from '../../support/inspect.ts'
import { REQUIRED } from '../config/config-fixture.ts'

const ISSUER = 'http://localhost:8002/realms/authentication-demo'

function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'RS256' })}.${encode({ iss: ISSUER, sub: 'u', aud: 'scopelift', exp: 1_000, ...claims })}.c2ln`
}

const POLICY = `routes:
  - { match: { method: POST, path: /v1/files/* }, scopes: ["mcp:list_files", "mcp:health_check"], audience: [files] }
  - { match: { path: /v1/closed }, scopes: ["other:scope"] }
  - { match: { path: /v1/react }, scopes: ["mcp:list_files"], preempt: false }
  - { match: { path: /v1/audience }, scopes: ["other:scope"], audience: [files] }
  - { match: { path: /v1/once }, scopes: ["mcp:list_files"], preempt: false, replay: never }
`

async function explain(
  t: { teardown(run: () => unknown): void },
  args: readonly string[],
  token = '',
) {
  const folder = createFolder(t)
  folder.write({ policy: POLICY })
  return runInspection({
    args: ['explain', ...args, ...(token === '' ? [] : ['--token-file', '-'])],
    env: { ...REQUIRED, KEYCLOAK_CLIENT_SECRET: '', POLICY_FILE: folder.path('policy') },
    input: token,
    now: () => 900_000,
  })
}

t.test('the lines tell rule, need, audience, token and what would be done', async (t) => {
  const token = tokenOf({ scope: 'openid mcp:health_check', aud: ['files', 'scopelift'] })
  const { code, lines } = await explain(t, ['post', '/v1/files/a%20b?secret=1'], token)
  t.equal(code, 0)
  t.same(lines, [
    'request   POST /v1/files/a b',
    'rule      POST /v1/files/*',
    'needs     mcp:health_check mcp:list_files',
    'audience  files',
    'exchange  before the request is sent',
    `token     of u, by ${ISSUER}, 100 s left (read, not verified)`,
    'holds     mcp:health_check openid; aud files scopelift',
    'so        the token is exchanged first, and the request sent once with the issued one (preempted)',
    'asks for  mcp:health_check mcp:list_files openid; needed mcp:list_files; audience files',
    'note      ALLOWED_SCOPES and DENIED_SCOPES do not permit what the policy names: other:scope',
  ])
})

t.test(
  'the rule says when an exchange may be, and never that of scopes that are forbidden',
  async (t) => {
    const rows = [
      ['/v1/files/a', /^exchange {2}before the request is sent$/m],
      ['/v1/audience', /^exchange {2}before the request is sent$/m],
      ['/v1/react', /^exchange {2}after a denial only$/m],
      ['/v1/closed', /^exchange {2}only after a denial that itself names an allowed scope$/m],
      ['/v1/once', /^exchange {2}after a denial only; the request is never sent twice$/m],
    ] as const
    for (const [path, line] of rows) t.match((await explain(t, ['POST', path])).output, line, path)
  },
)

const LLAMA_STACK = `server:
  auth:
    provider_config: { type: oauth2_token, jwks: { uri: "http://k/certs" }, audience: llama-stack }
    route_policy:
      - forbid: { paths: /v1/forbidden }
      - { permit: { paths: /v1/role }, when: user with admin in roles }
`

t.test('what a rule of LLAMA_STACK_CONFIG says is told in words', async (t) => {
  const folder = createFolder(t)
  folder.write({ stack: LLAMA_STACK })
  const env = { ...REQUIRED, LLAMA_STACK_CONFIG: folder.path('stack') }
  const rows = [
    ['/v1/forbidden', /needs .* what no scope gives: rule 1 forbids it, whatever the scopes/],
    ['/v1/role', /needs .* what no scope gives: rule 2 permits it, but wants what no scope gives/],
    ['/v1/none', /needs .* what no scope gives: no rule of route_policy permits this route/],
  ] as const
  for (const [path, line] of rows) {
    const { output } = await runInspection({ args: ['explain', 'GET', path], env })
    t.match(output, line)
    t.match(output, /exchange {2}only after a denial that itself names an allowed scope/)
  }
  const { lines } = await runInspection({ args: ['explain', 'GET', '/v1/none'], env })
  t.ok(lines.includes('rule      none of LLAMA_STACK_CONFIG'))
})

t.test('what keeps a request from a step-up is said in words', async (t) => {
  const good = tokenOf({ scope: 'openid' })
  const rows = [
    ['/v1/closed', good, /scope-not-allowed\): ALLOWED_SCOPES does not permit .*other:scope/],
    ['/v1/once', good, /body-not-replayable\): the rule says `replay: never`/],
    ['/v1/once', tokenOf({ exp: 1 }), /subject-token-unusable\): the token has expired/],
    ['/v1/once', tokenOf({ iss: 'x' }), /the token is not of KEYCLOAK_ISSUER/],
    ['/v1/once', tokenOf({ cnf: {} }), /bound to a key/],
    ['/v1/once', tokenOf({ scope: 'mcp:list_files' }), /the token holds what the rule names/],
    ['/v1/once', tokenOf({ pad: 'x'.repeat(15_000) }), /the token has more than 20000 characters/],
    ['/v1/once', 'opaque', /the token is no JWT/],
    ['/v1/none', good, /no rule matches/],
    ['/v1/none', '', /without a bearer token it is forwarded as it is/],
  ] as const
  for (const [path, token, sentence] of rows) {
    const { output } = await explain(t, ['GET', path], token)
    t.match(output, sentence)
    if (token !== '' && token !== 'opaque') t.notOk(output.includes(token))
  }
})

t.test('no exchange is promised for a token that is too long for Keycloak', async (t) => {
  const { output } = await explain(t, ['POST', '/v1/files/a'], tokenOf({ pad: 'x'.repeat(15_000) }))
  t.match(output, /it is sent with its own token\nif denied .*subject-token-unusable/)
})

t.test('scopes that no exchange can ask for are said in words', async (t) => {
  const folder = createFolder(t)
  const long = Array.from({ length: 17 }, (_, i) => `llama:${i}`.padEnd(250, 'x'))
  const conditions = long.map((scope) => `user with ${scope} in scopes`)
  folder.write({
    token: tokenOf({ scope: 'openid' }),
    stack: `server:
  auth:
    provider_config: { type: oauth2_token, claims_mapping: { scope: scopes } }
    route_policy: [{ permit: { paths: /v1/long }, when: ${JSON.stringify(conditions)} }]
`,
  })
  const env = { ...REQUIRED, LLAMA_STACK_CONFIG: folder.path('stack') }
  const args = ['explain', 'GET', '/v1/long', '--token-file', folder.path('token')]
  const { output } = await runInspection({ args, env, now: () => 900_000 })
  t.match(output, /scope-not-allowed\): more scopes are needed than one exchange can ask for/)
  t.match(output, /MAX_SCOPES, and 4000 characters/)
  // However long their list is: a line is cut at 500 characters.
  t.match(output, /^unless {4}the denial itself names an allowed scope/m)
})

t.test('a denial stays denied unless it names a scope, where that can help', async (t) => {
  const good = tokenOf({ scope: 'openid' })
  const rows = [
    ['/v1/none', good, true],
    ['/v1/closed', good, true],
    ['/v1/once', good, false],
    ['/v1/none', tokenOf({ exp: 1 }), false],
    ['/v1/react', tokenOf({ exp: 1 }), false],
  ] as const
  for (const [path, token, isOpen] of rows) {
    const { output } = await explain(t, ['GET', path], token)
    t.match(output, /^if denied it stays denied \(/m)
    const unless =
      /^unless {4}the denial itself names an allowed scope: then the token is exchanged/m
    t.equal(unless.test(output), isOpen, path)
  }
})

t.test('why a request is refused at the door is said in words', async (t) => {
  const rows = [
    ['v1/agents', /400 invalid_target: a path begins with `\/`$/],
    [
      'http://localhost/v1/agents',
      /400 invalid_target: a path is wanted, without scheme and host$/,
    ],
    ['/v1/../agents', /400 invalid_target: no dot segments/],
    ['/v1/%2e%2E/agents?x', /400 invalid_target: no dot segments/],
    ['/v1/agents#top', /400 invalid_target: a fragment \(`#…`\) is never sent/],
    ['/v1/a\\b', /400 invalid_target: The request target must be a path without/],
  ] as const
  for (const [target, reason] of rows) {
    const { lines } = await explain(t, ['GET', target])
    t.match(lines.at(-2), reason, target)
  }
  t.match(
    (await explain(t, ['TRACE', '/v1/x'])).output,
    /405 method_not_allowed: TRACE and CONNECT/,
  )
})

t.test('a token that has expired says how long ago', async (t) => {
  const { output } = await explain(t, ['GET', '/v1/none'], tokenOf({ exp: 798 }))
  t.match(output, /, expired 102 s ago \(read, not verified\)/)
})

t.test('the denial of a HEAD has no body that could name anything', async (t) => {
  const { output } = await explain(t, ['HEAD', '/v1/once'], tokenOf({ scope: 'openid' }))
  t.match(output, /no-hint\): the denial of a HEAD has no body.*mcp:list_files/)
})

t.test('a token that Keycloak would not exchange for our client gets a note', async (t) => {
  const rows = [
    [{}, undefined],
    [{ aud: 'account', azp: 'scopelift' }, undefined],
    [{ aud: 'account', azp: 'login' }, /'scopelift' in its 'aud'.* Give the login client, 'login'/],
    [{ typ: 'ID' }, /no access token: its 'typ' is 'ID'\. Give the `access_token` of the answer/],
    [{ typ: 'Refresh' }, /no access token: its 'typ' is 'Refresh'/],
    [{ aud: 'account', iss: 'x' }, undefined],
  ] as const
  for (const [claims, note] of rows) {
    const token = tokenOf({ scope: 'openid', ...claims })
    const noted = (await explain(t, ['GET', '/v1/react'], token)).lines.filter(
      (line) => line.startsWith('note ') && !line.includes('what the policy names'),
    )
    t.equal(noted.length, note === undefined ? 0 : 1)
    if (note !== undefined) t.match(noted[0], note)
  }
})

t.test('of a client that is not set no token is expected to name it', async (t) => {
  const env = { ...REQUIRED, KEYCLOAK_CLIENT_ID: '' }
  const args = ['explain', 'GET', '/v1/x', '--token-file', '-']
  const input = tokenOf({ aud: 'account' })
  const { output } = await runInspection({ args, env, input, now: () => 900_000 })
  t.notMatch(output, /^note/m)
})

t.test('what a token says is printed without controls and without tokens', async (t) => {
  const hidden = tokenOf({})
  const token = tokenOf({ sub: `a\u001b[2Jb\n${hidden}`, scope: 'x' })
  const { output } = await explain(t, ['GET', '/v1/none'], token)
  t.notOk(output.includes('\u001b'))
  t.notOk(output.includes(hidden))
})

t.test('a broken policy and missing settings are those of serve', async (t) => {
  const folder = createFolder(t)
  folder.write({ policy: 'routes: [{ match: { path: /v1/x }, scops: [a] }]\n' })
  const args = ['explain', 'GET', '/v1/x']
  const env = { ...REQUIRED, POLICY_FILE: folder.path('policy') }
  await t.rejects(runInspection({ args, env }), { code: 'ERR_POLICY_LOAD' })
  await t.rejects(runInspection({ args, env: {} }), { code: 'ERR_CONFIG' })
})
