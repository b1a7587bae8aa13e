import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import { readAll, scopesOf, startUpstream } from '../support/upstream.ts'

const CHAT = 'llama:inference_chat_completion'

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'scopelift-policy-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

/** Refuses routes as OGX does: without naming a scope. */
async function build(
  t: Test,
  wants: (path: string) => string | undefined,
  env: Record<string, string>,
) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, async (req, res, seen) => {
    const path = decodeURIComponent((req.url ?? '').split('?')[0] ?? '')
    const scope = wants(path)
    if (scope !== undefined && !scopesOf(req.headers.authorization).includes(scope)) {
      res.writeHead(403, { 'content-type': 'application/json' })
      res.end(
        JSON.stringify({
          error: { message: `Access denied: insufficient permissions for route ${path}` },
        }),
      )
      return
    }
    await readAll(req, seen)
    res.end('granted')
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const call = async (target: string, method = 'POST') => {
    const answer = await fetch(`${scopelift.url}${target}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    })
    await answer.text()
    return { status: answer.status, outcome: answer.headers.get('scopelift-outcome') }
  }
  return { authorizationServer, upstream, scopelift, call }
}

t.test(
  'a route of the policy file is pre-empted: one upstream request, with the issued token',
  async (t) => {
    const path = join(folder(t), 'policy.yaml')
    writeFileSync(
      path,
      `
routes:
  - match: { method: POST, path: /v1/chat/completions }
    scopes: [${CHAT}]
  - match: { path: /v1/agents/:id/session }
    scopes: [llama:agent_session_create]
  - match: { path: /v1/files/* }
    scopes: [mcp:list_files]
    preempt: false
  - match: { path: /v1/effects }
    scopes: [${CHAT}]
    replay: never
    preempt: false
`,
    )
    const wants = (route: string) =>
      route === '/v1/agents/a b/session'
        ? 'llama:agent_session_create'
        : route.startsWith('/v1/files')
          ? 'mcp:list_files'
          : CHAT
    const { upstream, call } = await build(t, wants, { POLICY_FILE: path })
    t.same(await call('/v1/chat/completions'), { status: 200, outcome: 'preempted' })
    t.equal(upstream.requests.length, 1)
    t.same(await call('/v1/agents/a%20b/session'), { status: 200, outcome: 'preempted' })
    t.same(await call('/v1/%66iles/x%2Fy'), { status: 200, outcome: 'stepped-up' })
    t.same(await call('/v1/files'), { status: 200, outcome: 'stepped-up' })
    t.same(await call('/v1/other'), { status: 403, outcome: 'no-hint' })
    t.same(await call('/v1/effects'), { status: 403, outcome: 'body-not-replayable' })
    t.same(await call('/v1/effects'), { status: 200, outcome: 'preempted' })
  },
)

t.test(
  'Llama Stack’s own configuration alone is enough, and a role that is missing asks Keycloak nothing',
  async (t) => {
    const path = join(folder(t), 'config.yaml')
    writeFileSync(
      path,
      `
server:
  auth:
    provider_config:
      type: oauth2_token
      claims_mapping: { scope: scopes, groups: teams }
    route_policy:
    - permit: { paths: ["/v1/health"] }
    - permit: { paths: "/v1/chat/completions*" }
      when: user with ${CHAT} in scopes
    - permit: { paths: "/v1/admin*" }
      when: user with operators in teams
`,
    )
    const wants = (route: string) =>
      route === '/v1/health' ? undefined : route.startsWith('/v1/admin') ? 'never' : CHAT
    const { authorizationServer, call } = await build(t, wants, { LLAMA_STACK_CONFIG: path })
    t.same(await call('/v1/chat/completions'), { status: 200, outcome: 'preempted' })
    t.same(await call('/v1/health'), { status: 200, outcome: 'forwarded' })
    t.equal(authorizationServer.exchanges, 1)
    t.same(await call('/v1/admin'), { status: 403, outcome: 'no-hint' })
    t.equal(authorizationServer.exchanges, 1)
  },
)

t.test(
  'a policy that changes by a symlink swap counts within 3 s; a broken one is refused and the old stays',
  async (t) => {
    const dir = folder(t)
    const write = (version: string, text: string) => {
      writeFileSync(join(dir, version), text)
      symlinkSync(version, join(dir, '..data.new'))
      renameSync(join(dir, '..data.new'), join(dir, '..data'))
    }
    write('1', 'routes: []\n')
    symlinkSync('..data', join(dir, 'policy.yaml'))
    const { scopelift, call } = await build(t, () => CHAT, {
      POLICY_FILE: join(dir, 'policy.yaml'),
    })
    t.same(await call('/v1/x'), { status: 403, outcome: 'no-hint' })

    write('2', `routes:\n  - match: { path: /v1/x }\n    scopes: [${CHAT}]\n`)
    await until(async () => (await call('/v1/x')).outcome === 'preempted')

    write('3', 'routes:\n  - match: { path: /v1/x }\n    scopez: [x]\n')
    await until(async () => (await problems(scopelift)).some((problem) => /line 3/.test(problem)))
    t.match(await problems(scopelift), [/policy\.yaml, line 3: .*scopez/])
    t.same(await call('/v1/x'), { status: 200, outcome: 'preempted' }, 'the old one stays')

    write('4', 'routes: []\n')
    await until(async () => (await problems(scopelift)).length === 0)
  },
)

t.test('targets that policy cannot match safely are 400 before anything is sent', async (t) => {
  const { upstream, scopelift } = await build(t, () => undefined, {})
  for (const target of [
    '/a/../b',
    '/a/..%2f..%2fadmin',
    '/%2e%2e/x',
    '/./x',
    '//evil',
    'http://evil/x',
    '*',
    '/a\\b',
    '/a%5cb',
    '/a%00',
    '/a#b',
    '/a?b#c',
    '/%ff',
    '/%zz',
    '/%',
  ]) {
    const answer = await exchangeRaw(
      scopelift.url,
      `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*"code":"invalid_(target|request)"/, target)
  }
  t.equal(upstream.requests.length, 0)
})

async function problems(scopelift: RunningScopelift): Promise<readonly string[]> {
  const answer: unknown = await (await fetch(`${scopelift.adminUrl}/readyz`)).json()
  if (typeof answer !== 'object' || answer === null || !('problems' in answer)) return []
  return Array.isArray(answer.problems) ? answer.problems.map(String) : []
}

/** Waits for what the next looks at the file bring. */
async function until(isMet: () => Promise<boolean>): Promise<void> {
  while (!(await isMet())) await new Promise((resolve) => setTimeout(resolve, 50))
}
