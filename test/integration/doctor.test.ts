import type { RequestListener } from 'node:http'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { findWrong, refuse } from '../support/doctor.ts'
import { createFolder } from '../support/files.ts'
import { demoSettings, runInspection } from '../support/inspect.ts'
import { startUpstream } from '../support/upstream.ts'

t.test('where nothing is wrong there are only ticks, and one GET without a token', async (t) => {
  const { code, ids, upstream } = await findWrong(t)
  t.same(ids, [])
  t.equal(code, 0)
  t.match(upstream.requests, [{ method: 'GET', target: '/v1/files' }])
  t.equal(upstream.requests[0]?.authorization, undefined)
})

t.test('what the upstream answers without a token is judged', async (t) => {
  const answer = (status: number, body = ''): RequestListener => {
    return (_request, response) => void response.writeHead(status).end(body)
  }
  const message =
    'Authentication required. Please provide a valid OAuth2 Bearer token from http://elsewhere/realms/x'
  const rows: readonly (readonly [RequestListener, readonly string[], number])[] = [
    [answer(403), [], 0],
    [answer(200), ['upstream-open'], 0],
    [answer(302), ['upstream-redirects'], 0],
    [answer(404), ['upstream-unclear'], 0],
    [answer(503), ['upstream-failing'], 1],
    [answer(401, JSON.stringify({ error: { message } })), ['upstream-other-issuer'], 1],
    [(request) => void request.socket.destroy(), ['upstream-unreachable'], 1],
  ]
  for (const [listener, expected, exitCode] of rows) {
    const { code, ids } = await findWrong(t, { answer: listener })
    t.same(ids, expected)
    t.equal(code, exitCode)
  }
})

t.test('an issuer that nobody has set is not compared with that of the upstream', async (t) => {
  const message = 'Please provide a valid OAuth2 Bearer token from http://elsewhere/realms/x'
  const answer: RequestListener = (_request, response) =>
    void response.writeHead(401).end(JSON.stringify({ error: { message } }))
  for (const variable of ['KEYCLOAK_SERVER_URL', 'KEYCLOAK_REALM', 'KEYCLOAK_ISSUER']) {
    const wrong = variable === 'KEYCLOAK_ISSUER' ? 'no url' : ''
    const { ids } = await findWrong(t, { answer, env: () => ({ [variable]: wrong }) })
    t.ok(ids.includes('setting-invalid'), variable)
    t.notOk(ids.includes('upstream-other-issuer'), variable)
  }
})

t.test(
  'the path of UPSTREAM_URL comes before the route; a route with a parameter is not asked',
  async (t) => {
    const upstream = await startUpstream(t, refuse)
    const policy = 'routes: [{ match: { path: /v1/agents/:id }, scopes: ["mcp:list_files"] }]\n'
    await findWrong(t, { policy, env: () => ({ UPSTREAM_URL: `${upstream.url}/base/` }) })
    t.same(
      upstream.requests.map(({ target }) => target),
      ['/base/v1/models'],
    )
  },
)

t.test('a Keycloak that is not ready, or lies, is told from one that is away', async (t) => {
  const status = (code: number): RequestListener => {
    return (_request, response) => void response.writeHead(code).end()
  }
  const rows = [
    [status(503), 'keycloak-starting'],
    [status(200), 'not-keycloak'],
    [status(404), 'realm-not-found'],
  ] as const
  for (const [listener, id] of rows) {
    const { url } = await startUpstream(t, listener)
    const { ids } = await findWrong(t, { env: () => ({ KEYCLOAK_SERVER_URL: url }) })
    t.same(ids, [id, 'client-untested'])
  }
})

t.test('a peer that takes the question and is silent costs its deadline and no more', async (t) => {
  const realm = await startDemoRealm(t, { faults: { exchange: { kind: 'stall' } } })
  const { ids } = await findWrong(t, {
    env: () => ({ KEYCLOAK_SERVER_URL: realm.url, EXCHANGE_TIMEOUT_MS: '200' }),
  })
  t.same(ids, ['keycloak-unreachable'])
})

t.test(
  'what the service account could not show is tried with the token of the caller',
  async (t) => {
    const realm = await startDemoRealm(t)
    realm.faults.next({ kind: 'answer', status: 503 }, 'token')
    const { ids } = await findWrong(t, {
      env: () => ({ KEYCLOAK_SERVER_URL: realm.url, KEYCLOAK_AUDIENCE: 'no-such-client' }),
    })
    t.same(ids, ['keycloak-starting', 'audience-unknown'])
  },
)

t.test("OGX's configuration is the policy; what of it nobody can translate is named", async (t) => {
  const config = `server:
  auth:
    provider_config: {type: oauth2_token, claims_mapping: {scope: scopes}}
    route_policy:
    - {permit: {paths: "/v1/files*"}, when: user with mcp:list_files in scopes}
    - {permit: {paths: "regex:^/v1/(?=x)"}, when: user with mcp:list_files in scopes}
    - {permit: {paths: "/v1/secret"}, when: user with secret:read in scopes}
`
  const folder = createFolder(t)
  folder.write({ 'config.yaml': config })
  const { code, ids, sentences, upstream } = await findWrong(t, {
    env: () => ({ POLICY_FILE: '', LLAMA_STACK_CONFIG: folder.path('config.yaml') }),
  })
  t.same(ids, ['llama-stack-rule-untranslated', 'llama-stack-scope-forbidden'])
  t.match(sentences[0], /rule 2/)
  t.equal(code, 0)
  t.match(upstream.requests, [{ target: '/v1/files' }])
  folder.write({ 'config.yaml': config.replace('permit:', 'allow:') })
  const broken = await findWrong(t, {
    env: () => ({ POLICY_FILE: '', LLAMA_STACK_CONFIG: folder.path('config.yaml') }),
  })
  t.equal(broken.code, 78)
  t.ok(broken.ids.includes('llama-stack-config-broken'))
})

t.test('a policy with more scopes than are tested says so', async (t) => {
  const routes = Array.from(
    { length: 101 },
    (_, index) => `  - { match: { path: /v1/x${index} }, scopes: ["mcp:x${index}"] }`,
  )
  const { ids } = await findWrong(t, { policy: `routes:\n${routes.join('\n')}\n` })
  t.ok(ids.includes('scopes-too-many'))
  t.equal(ids.filter((id) => id === 'scope-not-in-realm').length, 100)
})

t.test('lines have a mark, a sentence, the remedy and its name; the last one counts', async (t) => {
  const realm = await startDemoRealm(t)
  const { lines, code } = await runInspection({
    args: ['doctor'],
    env: {
      ...demoSettings(realm),
      KEYCLOAK_CLIENT_SECRET: 'wrong',
      UPSTREAM_URL: 'http://127.0.0.1:9',
    },
  })
  t.equal(code, 1)
  t.match(lines.at(0), /^✓ The settings are valid/)
  t.ok(
    lines.some((line) =>
      /^✗ Keycloak refuses the secret .* Put .*\. \[client-secret-wrong\]$/.test(line),
    ),
  )
  t.ok(lines.some((line) => /^– No user's token .* \[token-absent\]$/.test(line)))
  t.match(lines.at(-1), /^\d+ as they must be, 2 wrong, 0 worth a look, 2 not tested$/)
})
