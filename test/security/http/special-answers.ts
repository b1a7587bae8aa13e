import { fieldsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus } from '../expect.ts'
import { writeOctets } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { exchange, headOf, send } from '../wire.ts'

const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </kit.css>; rel=preload\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

export const specialAnswers: Line = {
  id: 'H9',
  topic: '1xx, 204, 304, HEAD',
  rule: 'heads without bodies stay heads without bodies, and a 1xx reaches the caller only with the answer that it belongs to',
  checks: [
    withUpstream('103 passes before its answer', async ({ url, upstream }) => {
      const stand = upstream.serve((req) => writeOctets(req, EARLY + OK))
      const answer = await send(url, { target: stand.path })
      expectEqual(
        [answer.interim, answer.status, answer.body],
        [[103], 200, 'ok'],
        'heads and body',
      )
    }),
    withUpstream('no 1xx is sent to a caller of HTTP/1.0', async ({ url, upstream }) => {
      const stand = upstream.serve((req) => writeOctets(req, EARLY + OK))
      const text = await exchange(url, `GET ${stand.path} HTTP/1.0\r\nHost: kit\r\n\r\n`)
      expectEqual(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1], '200', 'the first status')
    }),
    withUpstream('a 100 that nobody asked for is not the caller’s', async ({ url, upstream }) => {
      const stand = upstream.serve((req) => writeOctets(req, `HTTP/1.1 100 Continue\r\n\r\n${OK}`))
      const answer = await send(url, { target: stand.path })
      expectStatus(answer, 200, 502)
      expectEqual(answer.interim, [], 'heads before the answer')
    }),
    withUpstream('a 101 that nobody asked for is no answer', async ({ url, upstream }) => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: kit\r\n\r\n'
      const stand = upstream.serve((req) => writeOctets(req, head + OK))
      expectStatus(await send(url, { target: stand.path }), 502)
    }),
    inLab('a 1xx of the failed attempt never leaks', async (lab) => {
      const denial = `HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\r\nContent-Length: 0\r\n\r\n`
      const house = await buildHouse(lab, (req) =>
        writeOctets(req, house.stand.requests.length === 1 ? EARLY + denial : OK),
      )
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual([outcomeOf(answer), answer.interim], ['stepped-up', []], 'outcome and 1xx heads')
    }),
    withUpstream('204 has neither body nor length', async ({ url, upstream }) => {
      const stand = upstream.serve((_req, res) => void res.writeHead(204, { 'x-kit': '1' }).end())
      const text = await exchange(url, headOf(url, { target: stand.path }))
      expectEqual(
        text.endsWith('\r\n\r\n') && !/content-length|transfer-encoding/i.test(text),
        true,
        'an end with the head',
      )
    }),
    withUpstream('304 keeps its fields and has no body', async ({ url, upstream }) => {
      const stand = upstream.serve(
        (_req, res) => void res.writeHead(304, { etag: '"kit"', 'content-length': '5' }).end(),
      )
      const answer = await send(url, { target: stand.path, lines: ['If-None-Match: "kit"'] })
      expectEqual(
        [answer.status, fieldsOf(answer, 'etag'), answer.rest],
        [304, ['"kit"'], ''],
        'head and rest',
      )
    }),
    withUpstream(
      'HEAD keeps the length of the body that it does not send',
      async ({ url, upstream }) => {
        const stand = upstream.serve(
          (_req, res) => void res.writeHead(200, { 'content-length': '1234' }).end(),
        )
        const text = await exchange(url, headOf(url, { method: 'HEAD', target: stand.path }))
        expectEqual(
          /\r\ncontent-length: 1234\r\n/i.test(text) && text.endsWith('\r\n\r\n'),
          true,
          'length without body',
        )
      },
    ),
    inLab('a HEAD that is denied is stepped up from its header alone', async (lab) => {
      const house = await buildHouse(lab)
      const answer = await house.call({ method: 'HEAD', token: await tokenOf(lab), body: '' })
      expectEqual([answer.status, outcomeOf(answer)], [200, 'stepped-up'], 'status and outcome')
    }),
  ],
}
