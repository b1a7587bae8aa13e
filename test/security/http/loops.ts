import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Teardown } from '../../support/demo-servers.ts'
import { startScopelift } from '../../support/scopelift.ts'
import { fieldsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { atTarget, inLab } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import { buildHouse } from '../lab.ts'
import { send } from '../wire.ts'

export const loops: Line = {
  id: 'H13',
  topic: 'loops',
  rule: 'a request that carries our own random Via pseudonym is 508; two of us in a row are no loop',
  checks: [
    atTarget('a request that has been here before is 508', async ({ url }) => {
      const via = fieldsOf(await send(url), 'via')
      expectThat(via.length > 0, 'the answer has no Via, so a loop could not be seen')
      expectStatus(await send(url, { lines: [`Via: ${via.at(-1)}`] }), 508)
      expectStatus(await send(url, { lines: [`Via: 1.0 first, ${via.at(-1)}, 1.1 last`] }), 508)
    }),
    inLab('an upstream that leads back to our own listener ends at the first turn', async (lab) => {
      const pipe = await startPipe(lab)
      const scopelift = await startScopelift(lab, {
        upstreamUrl: pipe.url,
        authorizationServer: lab.realm,
      })
      pipe.leadTo(scopelift.url)
      const answer = await send(scopelift.url, { method: 'POST', target: '/v1/models', body: '{}' })
      expectStatus(answer, 508)
      expectEqual(fieldsOf(answer, 'via').length, 1, 'turns')
    }),
    inLab('two in a row are no loop, and their pseudonyms differ', async (lab) => {
      const inner = await buildHouse(lab, (_req, res) => void res.end('ok'))
      const outer = await startScopelift(lab, {
        upstreamUrl: inner.url,
        authorizationServer: lab.realm,
      })
      const answer = await send(outer.url, { target: inner.stand.path })
      expectStatus(answer, 200)
      const via = fieldsOf(answer, 'via')
      expectEqual([via.length, new Set(via).size], [2, 2], 'Via lines, and different ones')
      expectThat(
        via.every((value) => /^1\.1 \S{16,}$/.test(value)),
        `a pseudonym that can be guessed: ${via.join(' | ')}`,
      )
    }),
  ],
}

/** Carries bytes to an address that is known only later. */
async function startPipe(t: Teardown) {
  let port = 0
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    for (const side of [socket, onward]) side.on('error', () => {})
    socket.pipe(onward).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const address = server.address()
  const own = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${own}`,
    leadTo(url: string) {
      port = Number(new URL(url).port)
    },
  }
}
