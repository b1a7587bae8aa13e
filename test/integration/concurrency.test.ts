import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'
import { readAll, requireScope, scopesOf, startUpstream } from '../support/upstream.ts'

const SCOPES = [
  'llama:agent_create',
  'llama:agent_session_create',
  'llama:inference_chat_completion',
  'mcp:list_files',
]

/** Wants the scope that the path names, and answers with whose token it saw. */
async function build(t: Test, env: Record<string, string> = {}) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, async (req, res, seen) => {
    const scope = SCOPES[Number(req.url?.slice(1))] ?? ''
    if (!requireScope(req, res, scope)) return
    await readAll(req, seen)
    res.end(JSON.stringify({ marker: markerOf(seen.authorization), scope }))
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  const call = (token: string, scope: number) =>
    fetch(`${scopelift.url}/${scope}`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${token}` },
    })
  return { authorizationServer, upstream, scopelift, call }
}

/** Whose session the token belongs to: it is carried over by an exchange, and differs from login to login. */
function markerOf(authorization: string | undefined): unknown {
  const payload = authorization?.split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).sid
}

t.test('200 parallel first calls with one token make exactly one exchange', async (t) => {
  const { authorizationServer, upstream, call } = await build(t)
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const answers = await Promise.all(Array.from({ length: 200 }, () => call(token, 0)))
  t.ok(answers.every(({ status }) => status === 200))
  await Promise.all(answers.map((answer) => answer.text()))
  t.equal(authorizationServer.exchanges, 1)
  t.equal(authorizationServer.keyFetches, 1)

  const before = upstream.requests.length
  const warm = await Promise.all(Array.from({ length: 100 }, () => call(token, 0)))
  t.ok(warm.every((answer) => answer.headers.get('scopelift-outcome') === 'preempted'))
  await Promise.all(warm.map((answer) => answer.text()))
  t.equal(upstream.requests.length - before, 100, 'one upstream request each')
  t.equal(authorizationServer.exchanges, 1)
})

t.test(
  '12 users × 4 scopes in parallel: never another’s token, one exchange for each pair',
  async (t) => {
    const { authorizationServer, call } = await build(t)
    const tokens = await Promise.all(
      Array.from({ length: 12 }, () =>
        authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' }),
      ),
    )
    const jobs = Array.from({ length: 5 }, () =>
      tokens.flatMap((token) => SCOPES.map((_, scope) => ({ token, scope }))),
    ).flat()
    const seen = await Promise.all(
      jobs.map(async ({ token, scope }) => {
        const answer = await call(token, scope)
        return { status: answer.status, body: await answer.json(), token, scope }
      }),
    )
    for (const { status, body, token, scope } of seen) {
      t.equal(status, 200)
      t.same(body, { marker: markerOf(`Bearer ${token}`), scope: SCOPES[scope] })
    }
    t.equal(new Set(tokens.map((token) => markerOf(`Bearer ${token}`))).size, 12)
    t.equal(authorizationServer.exchanges, 48)
  },
)

t.test('an upstream that always refuses costs one exchange per window', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (_req, res) => {
    res.writeHead(403, {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPES[0]}"`,
    })
    res.end()
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  for (let i = 0; i < 20; i += 1) {
    const answer = await fetch(scopelift.url, { headers: { authorization: `Bearer ${token}` } })
    t.equal(answer.headers.get('scopelift-outcome'), 'replay-denied')
  }
  t.equal(authorizationServer.exchanges, 1)
  t.ok(upstream.requests.length <= 40)
})

t.test('1 000 forged tokens cost Keycloak no exchange and one fetch of its keys', async (t) => {
  const { authorizationServer, call } = await build(t)
  const [head, payload] = (
    await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  ).split('.')
  for (let batch = 0; batch < 20; batch += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        call(`${head}.${payload}.${Buffer.alloc(256, `${batch}-${i}`).toString('base64url')}`, 0),
      ),
    )
    t.ok(answers.every(({ status }) => status === 403))
    await Promise.all(answers.map((answer) => answer.text()))
  }
  t.equal(authorizationServer.exchanges, 0)
  t.equal(authorizationServer.keyFetches, 1)
})

t.test('100 late refusals of one issued token evict it once', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  let refused: string | undefined
  const waiting: (() => void)[] = []
  const upstream = await startUpstream(t, async (req, res) => {
    if (!requireScope(req, res, SCOPES[0] ?? '')) return
    if (req.headers.authorization !== refused) return void res.end('granted')
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length === 100) for (const go of waiting) go()
    })
    res.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' })
    res.end()
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const call = () => fetch(scopelift.url, { headers: { authorization: `Bearer ${token}` } })
  await (await call()).text()
  refused = upstream.requests.at(-1)?.authorization
  t.ok(scopesOf(refused).includes(SCOPES[0] ?? ''))
  const answers = await Promise.all(Array.from({ length: 100 }, call))
  t.same(
    new Set(answers.map((answer) => answer.headers.get('scopelift-outcome'))),
    new Set(['reissued']),
  )
  t.equal(authorizationServer.exchanges, 2)
})

t.test('the budget of one sub ends its exchanges, not those of others', async (t) => {
  const { authorizationServer, call } = await build(t, { EXCHANGES_PER_MINUTE: '2' })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const outcomes: (string | null)[] = []
  for (let scope = 0; scope < 4; scope += 1) {
    outcomes.push((await call(token, scope)).headers.get('scopelift-outcome'))
  }
  t.same(outcomes, ['stepped-up', 'stepped-up', 'exchange-refused', 'exchange-refused'])
  const root = await authorizationServer.issueSubjectToken({ user: 'root', scope: 'openid' })
  t.equal((await call(root, 0)).headers.get('scopelift-outcome'), 'stepped-up')
})
