import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'
import { startScopelift } from '../support/scopelift.ts'
import { scopesOf, startUpstream } from '../support/upstream.ts'

const LIST = 'mcp:list_files'
const CREATE = 'llama:agent_create'

/** The real application before an upstream that wants of each request what its field `X-Need` names. */
async function build(t: Test, env: Readonly<Record<string, string>> = {}) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (req, res) => {
    const held = scopesOf(req.headers.authorization)
    const missing = String(req.headers['x-need'] ?? '')
      .split(' ')
      .filter((scope) => !held.includes(scope))
    if (missing.length === 0) return void res.end('granted')
    const scope = missing.join(' ')
    const challenge = `Bearer error="insufficient_scope", scope="${scope}"`
    res.writeHead(403, { 'www-authenticate': challenge }).end('denied')
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  async function call(...needed: readonly string[]) {
    const sent = upstream.requests.length
    const exchanged = authorizationServer.exchanges
    const answer = await fetch(`${scopelift.url}/v1/x`, {
      headers: { authorization: `Bearer ${token}`, 'x-need': needed.join(' ') },
    })
    return {
      status: answer.status,
      text: await answer.text(),
      outcome: answer.headers.get('scopelift-outcome'),
      reason: scopelift.audit.at(-1)?.['reason'],
      sends: upstream.requests.length - sent,
      exchanges: authorizationServer.exchanges - exchanged,
    }
  }
  return { authorizationServer, call }
}

t.test('a route of which one scope is not granted still serves who needs the other', async (t) => {
  const folder = createFolder(t)
  folder.write({
    'policy.yaml': `routes:\n  - match: { path: /v1/x }\n    scopes: ["${LIST}", "${CREATE}"]\n`,
  })
  const house = await build(t, { POLICY_FILE: folder.path('policy.yaml') })
  house.authorizationServer.faults.always({ kind: 'drop-scopes', scopes: [CREATE] })
  const healed = { status: 200, outcome: 'stepped-up', sends: 2 }
  t.match(await house.call(LIST), { ...healed, exchanges: 2 })
  t.match(await house.call(LIST), { ...healed, exchanges: 0 })
  t.match(await house.call(LIST, CREATE), {
    status: 403,
    outcome: 'scope-not-granted',
    sends: 1,
    exchanges: 0,
  })
})

t.test('a lesson whose role has gone does not stand in the way of what is granted', async (t) => {
  const house = await build(t, { CACHE_MAX_TTL_MS: '1000' })
  t.match(await house.call(LIST), { outcome: 'stepped-up' })
  t.match(await house.call(LIST, CREATE), { outcome: 'stepped-up' })
  t.match(await house.call(LIST, CREATE), { outcome: 'preempted', sends: 1, exchanges: 0 })
  house.authorizationServer.faults.always({ kind: 'drop-scopes', scopes: [LIST] })
  await new Promise((resolve) => setTimeout(resolve, 1200))
  t.match(await house.call(CREATE), { status: 200, outcome: 'stepped-up', exchanges: 2, sends: 2 })
  t.match(await house.call(CREATE), { status: 200, outcome: 'preempted', exchanges: 0, sends: 1 })
})

t.test('a path with more needs than one exchange may ask for serves them all', async (t) => {
  const house = await build(t, { MAX_SCOPES: '2' })
  const needs = [LIST, CREATE, 'mcp:health_check']
  for (const need of [...needs, ...needs]) {
    t.match(await house.call(need), { status: 200 }, need)
  }
  t.match(await house.call('mcp:health_check'), { outcome: 'preempted', sends: 1, exchanges: 0 })
  t.match(await house.call(...needs), { status: 403 }, 'all of them at once')
})
