import { fieldsOf, pairsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { headOf, openWire, send } from '../wire.ts'

/** Fields of this connection alone (RFC 9110 §7.6.1), and credentials that are for a proxy. */
const REQUEST_FIELDS: readonly string[] = [
  'TE: trailers',
  'Trailer: X-Sum',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: Basic cHJveHk6cHJveHk=',
  'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
]

const RESPONSE_FIELDS: readonly string[] = [
  'Keep-Alive: timeout=99, max=7',
  'Proxy-Authenticate: Basic realm="upstream"',
  'Proxy-Connection: keep-alive',
  'Trailer: X-Sum',
  'Upgrade: h2c',
]

/** Without these the other side would judge another message than the one that was sent. */
const NEVER_NOMINATED: readonly string[] = [
  'authorization',
  'content-type',
  'content-encoding',
  'content-length',
]

export const hopByHop: Line = {
  id: 'H1',
  topic: 'hop-by-hop',
  rule: 'what Connection names and the fixed list go no further, both ways and on the replay; credentials, challenges and framing cannot be nominated away',
  checks: [
    ...REQUEST_FIELDS.map(requestFieldStays),
    ...RESPONSE_FIELDS.map(responseFieldStays),
    ...NEVER_NOMINATED.map(nominationIsIgnored),
    withUpstream(
      'fields that Connection names do not reach the upstream',
      async ({ url, upstream }) => {
        const stand = upstream.serve()
        const lines = [
          'Connection: close, X-Foo',
          'X-Foo: 1',
          'Connection: x-bar ,, X-Baz',
          'X-Bar: 1',
          'x-BAZ: 1',
        ]
        expectStatus(await send(url, { target: stand.path, lines: [...lines, 'X-Kept: 1'] }), 200)
        const names = namesOf(stand.requests[0]?.rawHeaders)
        const left = names.filter((name) => ['x-foo', 'x-bar', 'x-baz'].includes(name))
        expectEqual(left, [], 'nominated fields at the upstream')
        expectThat(names.includes('x-kept'), 'a field that nobody named is lost')
      },
    ),
    withUpstream(
      'fields that the answer’s Connection names do not reach the caller',
      async ({ url, upstream }) => {
        const stand = upstream.serve((_req, res) => {
          res.writeHead(200, [
            'Connection',
            'X-Secret-Hop',
            'X-Secret-Hop',
            '1',
            'X-Kept',
            '1',
            'Content-Length',
            '0',
          ])
          res.end()
        })
        const answer = await send(url, { target: stand.path })
        expectEqual(fieldsOf(answer, 'x-secret-hop'), [], 'the nominated field')
        expectEqual(fieldsOf(answer, 'x-kept'), ['1'], 'another field')
      },
    ),
    withUpstream(
      'an answer’s Connection: www-authenticate does not hide the challenge from the caller',
      async ({ url, upstream }) => {
        const stand = upstream.serve((_req, res) => {
          res.writeHead(401, [
            'Connection',
            'www-authenticate',
            'WWW-Authenticate',
            'Basic realm="x"',
            'Content-Length',
            '0',
          ])
          res.end()
        })
        const answer = await send(url, { target: stand.path })
        expectEqual(fieldsOf(answer, 'www-authenticate'), ['Basic realm="x"'], 'the challenge')
      },
    ),
    inLab('nor from the parser: the denial is stepped up', async (lab) => {
      const house = await buildHouse(lab, (req, res) => {
        const isFirst = house.stand.requests.length === 1
        res.writeHead(isFirst ? 403 : 200, [
          'Connection',
          'www-authenticate',
          'WWW-Authenticate',
          `Bearer error="insufficient_scope", scope="${SCOPE}"`,
        ])
        req.resume()
        res.end()
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(outcomeOf(answer), 'stepped-up', 'outcome')
    }),
    inLab(
      'the replay carries the same end-to-end lines, and nothing of the caller’s hop',
      async (lab) => {
        const house = await buildHouse(lab)
        const lines = [
          'Connection: close, X-Foo',
          'X-Foo: 1',
          ...REQUEST_FIELDS,
          'X-Twice: a',
          'X-Twice: b',
          'x-lower: 1',
        ]
        const answer = await house.call({ token: await tokenOf(lab), lines })
        expectEqual(outcomeOf(answer), 'stepped-up', 'outcome')
        const [first, second] = house.stand.requests.map(({ rawHeaders }) =>
          pairsOf(rawHeaders).filter(([name]) => name.toLowerCase() !== 'authorization'),
        )
        expectEqual(second, first, 'lines of the replay')
        const names = new Set(second?.map(([name]) => name.toLowerCase()))
        const hop = [
          'x-foo',
          'te',
          'trailer',
          'keep-alive',
          'proxy-authorization',
          'http2-settings',
        ]
        expectEqual(
          hop.filter((name) => names.has(name)),
          [],
          'hop-by-hop fields on the replay',
        )
      },
    ),
  ],
}

function requestFieldStays(line: string): Check {
  const [name = ''] = line.split(':')
  return withUpstream(`${name} of the caller’s hop stays there`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    expectStatus(await send(url, { target: stand.path, lines: [line] }), 200)
    const sent = pairsOf(stand.requests[0]?.rawHeaders ?? [])
    const [, value = ''] = line.split(': ')
    // A proxy may well have a line of that name for its own hop, but not this one.
    const left = sent.filter(
      (pair) => pair[0].toLowerCase() === name.toLowerCase() && pair[1] === value,
    )
    expectEqual(left, [], 'at the upstream')
  })
}

function responseFieldStays(line: string): Check {
  const [name = '', value = ''] = line.split(': ')
  return withUpstream(`${name} of the upstream’s hop stays there`, async ({ url, upstream }) => {
    const stand = upstream.serve((_req, res) => {
      res.writeHead(200, [name, value, 'Transfer-Encoding', 'chunked'])
      res.end('ok')
    })
    const answer = await send(url, { target: stand.path })
    expectEqual(
      fieldsOf(answer, name.toLowerCase()).filter((one) => one === value),
      [],
      'at the caller',
    )
  })
}

function nominationIsIgnored(name: string): Check {
  return withUpstream(`Connection: ${name} strips nothing`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    const wire = await openWire(url)
    const lines = [
      `Connection: close, ${name}`,
      'Authorization: Basic a2l0OmtpdA==',
      'Content-Type: text/x-kit',
      'Content-Encoding: identity',
    ]
    wire.write(`${headOf(url, { method: 'POST', target: stand.path, lines, body: 'four' })}four`)
    expectStatus(await wire.answer(), 200)
    wire.socket.destroy()
    const [seen] = stand.requests
    expectThat(namesOf(seen?.rawHeaders).includes(name), `no ${name} at the upstream`)
    expectEqual(seen?.bytes, 4, 'octets of the body')
  })
}

function namesOf(rawHeaders: readonly string[] | undefined): readonly string[] {
  return pairsOf(rawHeaders ?? []).map(([name]) => name.toLowerCase())
}
