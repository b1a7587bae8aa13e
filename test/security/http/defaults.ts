import { METHODS } from 'node:http'
import { pairsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { atTarget, inLab, withUpstream } from '../check.ts'
import { expectEqual, expectRefused, expectStatus, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { exchange, headOf, openWire, send } from '../wire.ts'

const CONTENT_TYPES: readonly string[] = [
  'Content-Type: ',
  'Content-Type: nonsense',
  'Content-Type: a/b; ;;',
  'Content-Type: application/json, text/html',
]

export const defaults: Line = {
  id: 'H16',
  topic: 'defaults undone',
  rule: 'what frameworks do by default and a relay may not: judge Content-Type, bound heads too low or not at all, cut open connections in a drain',
  checks: [
    ...CONTENT_TYPES.map((line) =>
      withUpstream(`"${line}" is the upstream’s affair`, async ({ url, upstream }) => {
        const stand = upstream.serve()
        expectStatus(
          await send(url, { method: 'POST', target: stand.path, lines: [line], body: '{}' }),
          200,
        )
        const sent = pairsOf(stand.requests[0]?.rawHeaders ?? []).filter(([name]) =>
          /^content-type$/i.test(name),
        )
        expectEqual(sent, [['Content-Type', line.slice(14)]], 'Content-Type at the upstream')
      }),
    ),
    ...['POST', 'QUERY', 'DELETE']
      .filter((method) => METHODS.includes(method))
      .map((method) =>
        withUpstream(
          `${method} without a Content-Type passes without one`,
          async ({ url, upstream }) => {
            const stand = upstream.serve()
            expectStatus(await send(url, { method, target: stand.path, body: 'not json {' }), 200)
            const names = pairsOf(stand.requests[0]?.rawHeaders ?? []).map(([name]) =>
              name.toLowerCase(),
            )
            expectEqual(names.includes('content-type'), false, 'Content-Type at the upstream')
          },
        ),
      ),
    withUpstream('a token of 20 000 characters passes', async ({ url, upstream }) => {
      const stand = upstream.serve()
      expectStatus(await send(url, { target: stand.path, token: 'x'.repeat(20_000) }), 200)
      expectEqual(stand.requests[0]?.authorization?.length, 20_007, 'characters at the upstream')
    }),
    atTarget('a head without bound is 431', async ({ url }) => {
      expectRefused(await exchange(url, headOf(url, { token: 'x'.repeat(200_000) })), 431)
    }),
    atTarget('fields without number are bounded too', async ({ url }) => {
      const lines = Array.from({ length: 30_000 }, (_, i) => `X-${i}: 1`)
      expectRefused(await exchange(url, headOf(url, { lines })), 431)
    }),
    withUpstream('a challenge of 64 KB is passed on', async ({ url, upstream }) => {
      const challenge = `Bearer realm="${'x'.repeat(65_000)}"`
      const stand = upstream.serve(
        (_req, res) => void res.writeHead(403, { 'www-authenticate': challenge }).end(),
      )
      const answer = await send(url, { target: stand.path, token: 'kit' })
      expectEqual(
        [answer.status, answer.text.includes(challenge)],
        [403, true],
        'status and challenge',
      )
    }),
    inLab('a request on an open connection is served during a drain', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => void res.end('ok'))
      const wire = await openWire(house.url)
      const request = { target: house.stand.path, lines: ['Connection: keep-alive'] }
      wire.write(headOf(house.url, request))
      await wire.until((text) => text.endsWith('ok'))
      const before = wire.received.length
      const closed = house.scopelift.close()
      wire.write(headOf(house.url, request))
      const answer = (await wire.ended()).slice(before)
      await closed
      expectThat(
        /^HTTP\/1\.1 200 [\s\S]*connection: close/i.test(answer),
        `saw ${answer.slice(0, 80)}`,
      )
    }),
    inLab('a large challenge is not read: no step-up, no stall', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        const challenge = `Bearer error="insufficient_scope", scope="${SCOPE}", x="${'x'.repeat(60_000)}"`
        res.writeHead(403, { 'www-authenticate': challenge }).end()
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [403, 'no-hint', 0],
        'answer',
      )
    }),
  ],
}
