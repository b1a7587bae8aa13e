import { requireScope } from '../../support/upstream.ts'
import { fieldsOf } from '../answer.ts'
import { startCanary } from '../canary.ts'
import type { Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectThat, expectWithout } from '../expect.ts'
import { writeOctets } from '../kit-upstream.ts'
import { buildHouse, SCOPE, tokenOf } from '../lab.ts'
import { exchange, headOf, send } from '../wire.ts'

const ROUNDS = 6

export const splitMessages: Line = {
  id: 'A7',
  topic: 'undici: duplicate Content-Length, CRLF, queue poisoning',
  rule: 'an answer is its own request’s, and nothing that a message holds becomes another message',
  checks: [
    withUpstream('a second answer behind the first is nobody’s', async ({ url, upstream }) => {
      let count = 0
      const stand = upstream.serve((req) => {
        count += 1
        const own = `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nown-${count}`
        writeOctets(req, `${own}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`, false)
      })
      for (let i = 0; i < ROUNDS; i += 1) {
        const answer = await send(url, { target: stand.path })
        expectWithout(answer.text, 'poison', `answer ${i}`)
      }
    }),
    withUpstream(
      'an answer that came before any request is nobody’s',
      async ({ url, upstream }) => {
        const stand = upstream.serve((req, res) => {
          res.end('own')
          setTimeout(
            () => req.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'),
            5,
          )
        })
        for (let i = 0; i < ROUNDS; i += 1) {
          const answer = await send(url, { target: stand.path })
          expectWithout(answer.text, 'poison', `answer ${i}`)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      },
    ),
    withUpstream(
      'octets behind the length of an answer reach nobody',
      async ({ url, upstream }) => {
        const stand = upstream.serve((req) =>
          writeOctets(req, 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nownsurplus'),
        )
        const text = await exchange(url, headOf(url, { target: stand.path }))
        expectWithout(text, 'surplus', 'the answer')
      },
    ),
    withUpstream(
      'escaped line breaks in a target stay escaped, or are refused',
      async ({ url, upstream }) => {
        const stand = upstream.serve()
        const answer = await send(url, {
          target: `${stand.path}?x=%0d%0aX-Injected:%201%0d%0a%0d%0aGET%20/evil`,
        })
        if (answer.status !== 400) expectEqual(stand.requests.length, 1, 'requests at the upstream')
        const names = stand.requests.flatMap(({ rawHeaders }) =>
          rawHeaders.map((name) => name.toLowerCase()),
        )
        expectThat(!names.includes('x-injected'), 'a field was injected')
      },
    ),
    withUpstream('a request inside of a body stays inside of it', async ({ url, upstream }) => {
      const stand = upstream.serve()
      const inner = `GET ${stand.path}/inner HTTP/1.1\r\nHost: kit\r\n\r\n`
      await send(url, { method: 'POST', target: stand.path, body: inner })
      await send(url, { method: 'GET', target: stand.path, body: inner })
      await send(url, {
        method: 'DELETE',
        target: stand.path,
        lines: ['Transfer-Encoding: chunked'],
        body: `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      })
      expectEqual(
        stand.requests.map(({ target, bytes }) => [target, bytes]),
        Array.from({ length: 3 }, () => [stand.path, inner.length]),
        'requests and their octets',
      )
    }),
    inLab('a header of an issued answer cannot split it', async (lab) => {
      const house = await buildHouse(lab, (req, res) => {
        if (!requireScope(req, res, SCOPE)) return
        writeOctets(
          req,
          'HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n',
        )
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual([answer.status, fieldsOf(answer, 'set-cookie')], [502, []], 'answer')
    }),
  ],
}

export const redirectsAndCaches: Line = {
  id: 'A8',
  topic: 'credentials leaked by redirects and caches',
  rule: 'no redirect takes a credential to another host, and no shared cache may keep what an issued token was given',
  checks: [
    ...['other port', 'same host, other scheme', 'protocol-relative'].map((kind) =>
      inLab(`a redirect after a step-up (${kind}) takes the token nowhere`, async (lab) => {
        const canary = await startCanary(lab)
        const { host } = new URL(canary.url)
        const location =
          kind === 'other port'
            ? canary.url
            : kind === 'protocol-relative'
              ? `//${host}/`
              : `https://${host}/`
        const house = await buildHouse(lab, (req, res) => {
          if (requireScope(req, res, SCOPE)) res.writeHead(307, { location }).end()
        })
        const answer = await house.call({ token: await tokenOf(lab) })
        expectEqual(
          [answer.status, fieldsOf(answer, 'location'), canary.hits],
          [307, [location], 0],
          'answer and canary',
        )
      }),
    ),
    inLab('the second caller of a cacheable answer is judged anew', async (lab) => {
      const house = await buildHouse(lab, (req, res) => {
        if (!requireScope(req, res, SCOPE)) return
        res
          .writeHead(200, { 'cache-control': 'public, max-age=600', etag: '"kit"' })
          .end('for alice')
      })
      const first = await house.call({ method: 'GET', body: '', token: await tokenOf(lab) })
      const second = await house.call({
        method: 'GET',
        body: '',
        token: await tokenOf(lab, 'nobody'),
      })
      expectEqual([first.body, second.status], ['for alice', 403], 'answers')
      expectEqual(fieldsOf(first, 'cache-control'), ['private, max-age=600'], 'Cache-Control')
    }),
  ],
}
