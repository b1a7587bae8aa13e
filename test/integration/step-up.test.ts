import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'
import { readAll, requireScope, startUpstream } from '../support/upstream.ts'

const SCOPE = 'llama:agent_create'

t.test(
  'a denied request comes back granted, and the next one goes out elevated at once',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    const upstream = await startUpstream(t, async (req, res, seen) => {
      if (!requireScope(req, res, SCOPE)) return
      await readAll(req, seen)
      res.end('granted')
    })
    const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
    const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
    const call = () =>
      fetch(`${scopelift.url}/v1/agents?x=%2F`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"name":"a"}',
      })

    const first = await call()
    t.equal(first.status, 200)
    t.equal(await first.text(), 'granted')
    t.equal(first.headers.get('scopelift-outcome'), 'stepped-up')
    t.equal(upstream.requests.length, 2)
    t.equal(upstream.requests[0]?.authorization, `Bearer ${token}`)
    t.not(upstream.requests[1]?.authorization, `Bearer ${token}`)
    t.equal(upstream.requests[1]?.target, '/v1/agents?x=%2F')
    t.equal(upstream.requests[1]?.bytes, 12)

    const second = await call()
    t.equal(await second.text(), 'granted')
    t.equal(second.headers.get('scopelift-outcome'), 'preempted')
    t.equal(upstream.requests.length, 3)
    t.equal(authorizationServer.exchanges, 1)
    t.match(scopelift.audit, [
      { outcome: 'stepped-up', scopesNeeded: [SCOPE], method: 'POST', route: '/v1/agents' },
      { outcome: 'preempted' },
    ])
  },
)
