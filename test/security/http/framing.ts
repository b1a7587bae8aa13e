import type { Check, Line } from '../check.ts'
import { atTarget, withUpstream } from '../check.ts'
import { expectEqual, expectRefused, expectStatus, expectWithout } from '../expect.ts'
import { writeOctets } from '../kit-upstream.ts'
import { exchange, openWire, send } from '../wire.ts'
import { AMBIGUOUS_ANSWERS, AMBIGUOUS_REQUESTS } from './framing-corpus.ts'

export const framing: Line = {
  id: 'H4',
  topic: 'framing',
  rule: 'what two parsers could read differently is 400 as a request and 502 as an answer, and ends the connection',
  checks: [
    ...Object.entries(AMBIGUOUS_REQUESTS).map(([name, request]) => isRefused(name, request)),
    ...Object.entries(AMBIGUOUS_ANSWERS).map(([name, answer]) => isNotPassedOn(name, answer)),
    withUpstream(
      'nothing of an ambiguous request is taken for a second one',
      async ({ url, upstream }) => {
        const stand = upstream.serve()
        const smuggled = `GET ${stand.path} HTTP/1.1\r\nHost: kit\r\n\r\n`
        for (const framing of [
          `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
          `Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
          'Transfer-Encoding: xchunked\r\n\r\n',
          'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
          'Content-Length: 0\r\nContent-Length: 5\r\n\r\n',
        ]) {
          const wire = await openWire(url)
          wire.write(`POST ${stand.path}/outer HTTP/1.1\r\nHost: kit\r\n${framing}${smuggled}`)
          expectRefused(await wire.ended(), 400)
        }
        expectEqual(
          stand.requests.map(({ target }) => target),
          [],
          'requests at the upstream',
        )
      },
    ),
    withUpstream(
      'pipelined requests are answered in order, each with its own',
      async ({ url, upstream }) => {
        const stand = upstream.serve((req, res) => {
          setTimeout(
            () => res.end(`answer-to-${req.url?.slice(-1)}`),
            req.url?.endsWith('1') ? 60 : 0,
          )
        })
        const one = (n: number, line = '') =>
          `GET ${stand.path}/${n} HTTP/1.1\r\nHost: kit\r\n${line}\r\n`
        const text = await exchange(url, one(1) + one(2) + one(3, 'Connection: close\r\n'))
        expectEqual(
          text.match(/answer-to-\d/g),
          ['answer-to-1', 'answer-to-2', 'answer-to-3'],
          'answers',
        )
      },
    ),
  ],
}

function isRefused(name: string, request: string): Check {
  return atTarget(`request: ${name}`, async ({ url }) => {
    expectRefused(await exchange(url, request), 400)
  })
}

function isNotPassedOn(name: string, octets: string): Check {
  return withUpstream(`answer: ${name}`, async ({ url, upstream }) => {
    const stand = upstream.serve((req) => writeOctets(req, octets))
    const answer = await send(url, { target: stand.path })
    expectStatus(answer, 502)
    expectWithout(answer.text, 'kit-octets', 'the answer')
  })
}
