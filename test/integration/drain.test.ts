import { Agent, request } from 'node:http'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw } from '../support/raw-http.ts'
import { startScopelift } from '../support/scopelift.ts'
import { startUpstream } from '../support/upstream.ts'

t.test(
  'a drain lets accepted requests end, serves what still arrives on open connections, and takes no new ones',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    const waiting: (() => void)[] = []
    const upstream = await startUpstream(t, (_req, res) => {
      waiting.push(() => res.end('ended'))
    })
    const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
    const busy = await connectRaw(scopelift.url)
    busy.write('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n')
    while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve))

    const closed = scopelift.close()
    await t.rejects(fetch(scopelift.url), 'a new connection is refused')
    waiting[0]?.()
    const answer = await busy.ended()
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nconnection: close\r\n[\s\S]*ended/i)
    await closed
  },
)

t.test('a shutdown under load loses no accepted request', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (_req, res) => {
    setTimeout(() => res.end('ok'), 5)
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })
  t.teardown(() => agent.destroy())
  const results = { answered: 0, refused: 0, lost: 0 }
  const one = () =>
    new Promise<void>((resolve) => {
      const req = request(scopelift.url, { agent }, (res) => {
        res.resume().on('end', () => {
          if (res.statusCode === 200) results.answered += 1
          else results.lost += 1
          resolve()
        })
      })
      req.on('error', (error: NodeJS.ErrnoException) => {
        // Nobody listens any more: nothing was accepted.
        if (error.code === 'ECONNREFUSED') results.refused += 1
        else results.lost += 1
        resolve()
      })
      req.end()
    })
  const load = Promise.all(Array.from({ length: 2_000 }, one))
  while (results.answered < 300) await new Promise((resolve) => setImmediate(resolve))
  await scopelift.close()
  await load
  t.equal(results.lost, 0)
  t.ok(results.answered >= 300)
  t.equal(upstream.requests.length, results.answered)
})
