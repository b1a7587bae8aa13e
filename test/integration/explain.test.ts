import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'
import { demoSettings, runInspection } from '../support/inspect.ts'
import { startScopelift } from '../support/scopelift.ts'
import { scopesOf, startUpstream } from '../support/upstream.ts'

const POLICY = `routes:
  - { match: { method: POST, path: /v1/first }, scopes: ["mcp:list_files"] }
  - { match: { path: /v1/react }, scopes: ["mcp:list_files"], preempt: false }
  - { match: { path: /v1/preempt }, scopes: ["mcp:list_files"] }
  - { match: { path: /v1/once }, scopes: ["mcp:list_files"], preempt: false, replay: never }
  - { match: { path: /v1/forbidden }, scopes: ["other:scope"] }
  - { match: { path: /v1/denied }, scopes: ["mcp:admin"] }
  - { match: { path: /v1/held }, scopes: ["openid"] }
  - { match: { path: /v1/many }, scopes: ["mcp:a", "mcp:b", "mcp:c"] }
  - { match: { path: /v1/never }, replay: never }
`

/** What is asked, with whose token, and the outcome that both must name. */
const ROWS = [
  ['POST', '/v1/first', 'alice', 'preempted'],
  ['GET', '/v1/first', 'alice', 'no-hint'],
  ['POST', '/v1/%66irst?x=1', 'alice', 'preempted'],
  ['GET', '/v1/react', 'alice', 'stepped-up'],
  ['HEAD', '/v1/react', 'alice', 'no-hint'],
  ['HEAD', '/v1/forbidden', 'alice', 'no-hint'],
  ['HEAD', '/v1/preempt', 'alice', 'preempted'],
  ['GET', '/v1/once', 'alice', 'body-not-replayable'],
  ['GET', '/v1/forbidden', 'alice', 'scope-not-allowed'],
  ['GET', '/v1/denied', 'alice', 'scope-not-allowed'],
  ['GET', '/v1/held', 'alice', 'no-hint'],
  ['GET', '/v1/many', 'alice', 'scope-not-allowed'],
  ['GET', '/v1/elsewhere', 'alice', 'no-hint'],
  ['POST', '/v1/first', 'nobody at all', 'no-subject-token'],
  ['POST', '/v1/first', 'opaque', 'subject-token-unusable'],
  ['GET', '/v1/react', 'expired', 'subject-token-unusable'],
  ['GET', '/v1/../x', 'alice', 'refused'],
] as const

/** Where the denial itself names mcp:list_files: the outcome that is foretold of any other, and what comes then. */
const NAMED = [
  ['GET', '/v1/elsewhere?named', 'alice', 'no-hint', 'stepped-up'],
  ['HEAD', '/v1/nowhere?named', 'alice', 'no-hint', 'stepped-up'],
  ['GET', '/v1/held?named', 'alice', 'no-hint', 'stepped-up'],
  ['GET', '/v1/forbidden?named', 'alice', 'scope-not-allowed', 'stepped-up'],
  ['GET', '/v1/never?named', 'alice', 'no-hint', 'body-not-replayable'],
  ['GET', '/v1/once?named', 'alice', 'body-not-replayable', 'body-not-replayable'],
  ['GET', '/v1/elsewhere?named', 'expired', 'no-hint', 'subject-token-unusable'],
  ['GET', '/v1/react?named', 'expired', 'subject-token-unusable', 'subject-token-unusable'],
] as const

async function startHouse(t: Test) {
  const realm = await startDemoRealm(t)
  const upstream = await startUpstream(t, (req, res) => {
    if (scopesOf(req.headers.authorization).includes('mcp:list_files')) return void res.end()
    const isNamed = req.url?.endsWith('?named') === true
    res.writeHead(403, { 'content-type': 'application/json', ...(isNamed && NAMING) })
    const message = `Access denied: insufficient permissions for route ${decodeURIComponent(req.url?.split('?')[0] ?? '')}`
    res.end(JSON.stringify({ error: { message } }))
  })
  const folder = createFolder(t)
  folder.write({ policy: POLICY })
  const env = {
    ...demoSettings(realm),
    POLICY_FILE: folder.path('policy'),
    MAX_SCOPES: '2',
    UPSTREAM_URL: upstream.url,
  }
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer: realm,
    env,
  })
  const tokens: Readonly<Record<string, string | undefined>> = {
    alice: await realm.issueSubjectToken({ user: 'alice', scope: 'openid' }),
    expired: await realm.issueSubjectToken({ user: 'alice', scope: 'openid', expiresInS: -60 }),
    opaque: 'opaque',
  }
  const ask = async (method: string, target: string, who: string) => {
    const token = tokens[who]
    const answer = await fetch(`${scopelift.url}${target}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    await answer.text()
    return answer.headers.get('scopelift-outcome')
  }
  const explain = async (method: string, target: string, who: string) => {
    const token = tokens[who]
    const explained = await runInspection({
      args: ['explain', method, target, '--json', ...(token ? ['--token-file', '-'] : [])],
      env,
      input: token ?? '',
    })
    t.equal(explained.code, 0)
    const { plan }: Foretold = JSON.parse(explained.output)
    return plan
  }
  return { realm, upstream, ask, explain }
}

const NAMING = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mcp:list_files"' }

t.test('what it foretells is what the proxy does, route by route', async (t) => {
  const { realm, upstream, ask, explain } = await startHouse(t)
  const exchanges = () => realm.exchanges
  for (const [method, target, who, outcome] of ROWS) {
    const before = [upstream.requests.length, exchanges(), realm.requests.length]
    const plan = await explain(method, target, who)
    t.same(
      [upstream.requests.length, exchanges(), realm.requests.length],
      before,
      'nobody is asked',
    )
    t.equal(foretold(plan), outcome, `${method} ${target} ${who}`)
    if (outcome === 'refused') continue
    t.equal(await ask(method, target, who), outcome, `${method} ${target} ${who}`)
  }
})

t.test('it says whether a denial that itself names a scope would be stepped up', async (t) => {
  const { ask, explain } = await startHouse(t)
  for (const [method, target, who, outcome, ifNamed] of NAMED) {
    const plan = await explain(method, target, who)
    t.equal(plan.outcome, outcome, `${method} ${target} ${who}`)
    t.equal(plan.heedsNamedScope, ifNamed === 'stepped-up', `${method} ${target} ${who}`)
    t.equal(await ask(method, target, who), ifNamed, `${method} ${target} ${who}`)
  }
})

interface Plan {
  readonly kind: string
  readonly outcome?: string
  readonly heedsNamedScope?: boolean
}

interface Foretold {
  readonly plan: Plan
}

/** The outcome where the upstream denies and names no scope. */
function foretold(plan: Plan): string | undefined {
  const outcomes: Readonly<Record<string, string>> = {
    preempt: 'preempted',
    react: 'stepped-up',
    'no-token': 'no-subject-token',
    refused: 'refused',
  }
  return plan.outcome ?? outcomes[plan.kind]
}
