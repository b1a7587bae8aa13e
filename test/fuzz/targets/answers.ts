import fc from 'fast-check'
import { exchangeRaw } from '../../support/raw-http.ts'
import type { ProxyHouse } from '../proxy-house.ts'
import { buildProxy, eventually, hasNoLeak } from '../proxy-house.ts'
import type { Target } from '../target.ts'
import { createTeardown, fuzz } from '../target.ts'

const STATUS_LINE = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 403 Forbidden',
      'HTTP/1.1 401 Unauthorized',
      'HTTP/1.1 204 No Content',
      'HTTP/1.1 304 x',
    ),
  },
  fc.constantFrom(
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 101 x',
    'HTTP/1.1 103 Early Hints',
    'HTTP/1.1 102 x',
    'HTTP/1.1 199 x',
    'HTTP/1.1 999 x',
  ),
  fc.constantFrom(
    'HTTP/1.0 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1 2000 x',
    'HTTP/2.0 200 x',
    'http/1.1 200 x',
    'ICY 200 OK',
    '',
    'HTTP/1.1 200 \xe9\xff',
  ),
)
const LINE = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      'Content-Type: application/json',
      'X-A: b',
    ),
  },
  fc.constantFrom(
    'Content-Length: 0',
    'Content-Length: 50',
    'Content-Length: 5, 5',
    'Content-Length: x',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: foo',
  ),
  fc.constantFrom(
    'WWW-Authenticate: Bearer error="insufficient_scope", scope="llama:agent_create"',
    'WWW-Authenticate: Bearer scope="a b"',
    'WWW-Authenticate: Bearer error="invalid_token"',
    'WWW-Authenticate: "',
  ),
  fc.constantFrom(
    'Connection: close',
    'Connection: x-a, www-authenticate',
    'Keep-Alive: timeout=1',
    'Upgrade: websocket',
    'Trailer: X-T',
    'Link: </a>; rel=x',
    'Set-Cookie: a=b',
    'Scopelift-Outcome: forged',
  ),
  fc.constantFrom(
    ' folded',
    'X-A: b\rX-B: c',
    'X-A: b\nX-B: c',
    'X-A: \0',
    'X-\xe9: x',
    'X-A: \xe9\x80',
    ': x',
    'X-A',
    `X-A: ${'a'.repeat(5000)}`,
    'Cache-Control: public',
  ),
)
const BODY = fc.constantFrom(
  ...[
    '',
    'abcde',
    '5\r\nabcde\r\n0\r\n\r\n',
    '5;x=y\r\nabcde\r\n0\r\nX-T: 1\r\n\r\n',
    '5\r\nabc',
    'zz\r\n',
    '{"error":"insufficient_scope","scope":"llama:agent_create"}',
  ],
  ...['abcdeHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison', 'x'.repeat(70_000)],
)
const DAMAGE = fc.record({
  at: fc.nat(),
  cut: fc.nat({ max: 4 }),
  put: fc.string({ unit: fc.constantFrom(...'\r\n :\0\t;,aHTP/1.0\xff'), maxLength: 3 }),
})
const ANSWER = fc
  .tuple(
    fc.array(fc.tuple(STATUS_LINE, fc.array(LINE, { maxLength: 5 }), BODY), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(DAMAGE, { maxLength: 2 }),
    fc.nat(),
  )
  .map(([parts, damages, cut]) => ({
    octets: damages.reduce(
      (sum, { at, cut: length, put }) => {
        const from = at % (sum.length + 1)
        return sum.slice(0, from) + put + sum.slice(from + length)
      },
      parts.map(([status, lines, body]) => [status, ...lines, '', body].join('\r\n')).join(''),
    ),
    cut,
  }))

const HEAD_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e\x80-\xff]*$/
const CHECK_EVERY = 50

/** Anything at all from the upstream: the caller gets well-formed heads, one final answer, and nothing forged. */
export const answers: Target = {
  name: 'answers',
  weight: 6,
  async run(budget) {
    const scope = createTeardown()
    let current: { octets: string; cut: number } = { octets: '', cut: 0 }
    const house = await buildProxy(scope, {
      onEnd(request, socket) {
        if (request.target === '/alive') {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive')
          return
        }
        const { octets, cut } = current
        const at = cut % (octets.length + 1)
        socket.write(Buffer.from(octets.slice(0, at), 'latin1'))
        setImmediate(() => socket.end(Buffer.from(octets.slice(at), 'latin1')))
      },
    })
    let count = 0
    try {
      return await fuzz(
        fc.asyncProperty(
          ANSWER,
          fc.constantFrom('GET', 'HEAD', 'POST'),
          fc.boolean(),
          async (answer, method, hasToken) => {
            count += 1
            current = answer
            const credential = hasToken ? `Authorization: Bearer ${await house.alice()}\r\n` : ''
            const received = await exchangeRaw(
              house.scopelift.url,
              `${method} /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${credential}${method === 'POST' ? 'Content-Length: 2\r\n\r\nab' : '\r\n'}`,
            )
            checkReceived(received)
            return count % CHECK_EVERY !== 0 || (await isAlive(house))
          },
        ),
        budget,
      )
    } finally {
      await scope.close()
    }
  },
}

/** Interim heads, then one final head; each line as it must be; the outcome ours. */
function checkReceived(received: string): void {
  let rest = received
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`no head: ${received.slice(0, 200)}`)
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const [, status = ''] = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/.exec(statusLine) ?? []
    if (status === '') throw new Error(`status line: ${statusLine}`)
    const bad = lines.find((line) => !HEAD_LINE.test(line))
    if (bad !== undefined) throw new Error(`field line: ${JSON.stringify(bad)}`)
    if (status.startsWith('1')) {
      rest = rest.slice(end + 4)
      continue
    }
    const outcomes = lines.filter((line) => /^scopelift-outcome:/i.test(line))
    if (outcomes.length !== 1 || outcomes[0]?.includes('forged'))
      throw new Error(`outcome: ${outcomes.join()}`)
    if (/poison/.test(lines.join())) throw new Error('another answer in the head')
    return
  }
}

async function isAlive(house: ProxyHouse): Promise<boolean> {
  const answer = await exchangeRaw(
    house.scopelift.url,
    'GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  return answer.endsWith('alive') && (await eventually(() => hasNoLeak(house.scopelift)))
}
