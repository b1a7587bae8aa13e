import fc from 'fast-check'
import type { StrictRequest } from '../../conformance/strict-request-reader.ts'
import { valuesOf } from '../../conformance/strict-request-reader.ts'
import { answerOf } from '../../conformance/strict-upstream.ts'
import { exchangeRaw } from '../../support/raw-http.ts'
import type { ProxyHouse } from '../proxy-house.ts'
import { buildProxy, converse, eventually, hasNoLeak } from '../proxy-house.ts'
import type { Target } from '../target.ts'
import { createTeardown, fuzz } from '../target.ts'
import { ANY_TARGET } from './canonical-paths.ts'

/** Stands in for a token, which is not the same from run to run. */
const TOKEN = '{token}'
const SMUGGLED = `GET /smuggled HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer stolen\r\n\r\n`

const METHOD = fc.constantFrom(
  'GET',
  'POST',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PUT',
  'QUERY',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'FOO',
)
const VERSION = fc.oneof(
  { weight: 8, arbitrary: fc.constant('HTTP/1.1') },
  fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'http/1.1', ''),
)
const LINE = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Host: x',
      'Host: x',
      'Connection: keep-alive',
      `Authorization: Bearer ${TOKEN}`,
    ),
  },
  fc.constantFrom(
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: 05',
    'Content-Length: 5, 5',
    'Content-Length: -1',
    'content-length:5',
  ),
  fc.constantFrom(
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: identity',
    'transfer-encoding:\tchunked',
    'Transfer-Encoding : chunked',
  ),
  fc.constantFrom(
    'Connection: close',
    'Connection: upgrade',
    'Connection: authorization, content-length, host',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMA',
  ),
  fc.constantFrom(
    'Expect: 100-continue',
    'Expect: x',
    'TE: trailers',
    'Trailer: X-T',
    'Keep-Alive: timeout=5',
    'Proxy-Authorization: Basic YQ==',
    'Via: 1.1 x',
  ),
  fc.constantFrom(
    'X-Forwarded-For: 1.2.3.4',
    'X_Forwarded_User: root',
    'Forwarded: for=x',
    'Scopelift-Outcome: x',
    'Cookie: a=b',
    'Authorization: Basic YTpi',
    'Host: y',
  ),
  fc.constantFrom(
    ' folded: x',
    'X-A: b\rX-B: c',
    'X-A: b\nX-B: c',
    'X-A: \0',
    'X-\xe9: x',
    'X-A: \xe9',
    ': x',
    'X-A',
    `X-A: ${'a'.repeat(9000)}`,
  ),
)
const BODY = fc.oneof(
  fc.constantFrom(
    '',
    'abcde',
    '5\r\nabcde\r\n0\r\n\r\n',
    '0\r\n\r\n',
    '0\r\nX-T: 1\r\n\r\n',
    '5;a=b\r\nabcde\r\n0\r\n\r\n',
  ),
  fc.constantFrom(
    SMUGGLED,
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    '5\nabcde\n0\n\n',
    'ffffffffffffffff1\r\nabcde',
    '-5\r\nabcde\r\n0\r\n\r\n',
  ),
)
const REQUEST = fc
  .tuple(METHOD, ANY_TARGET, VERSION, fc.array(LINE, { maxLength: 6 }), BODY)
  .map(([method, target, version, lines, body]) =>
    [`${method} ${target} ${version}`, ...lines, '', body].join('\r\n'),
  )
const DAMAGE = fc.record({
  at: fc.nat(),
  cut: fc.nat({ max: 4 }),
  put: fc.string({ unit: fc.constantFrom(...'\r\n :\0\t;,aHTP/1.0\xff'), maxLength: 3 }),
})
/** A few requests in one piece, most of them damaged somewhere. */
const OCTETS = fc
  .tuple(fc.array(REQUEST, { minLength: 1, maxLength: 4 }), fc.array(DAMAGE, { maxLength: 3 }))
  .map(([requests, damages]) =>
    damages.reduce((sum, { at, cut, put }) => {
      const from = at % (sum.length + 1)
      return sum.slice(0, from) + put + sum.slice(from + cut)
    }, requests.join('')),
  )

/** Fields that are ours, or the transport's, on a request to the upstream. */
const OWN_FIELDS = [
  'via',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'authorization',
]
const FORWARDED = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']
const CHECK_EVERY = 50

/** Anything at all on the listener: what goes upstream is well-formed and the caller's, and the process lives on. */
export const requests: Target = {
  name: 'requests',
  weight: 8,
  async run(budget) {
    const scope = createTeardown()
    const house = await buildProxy(scope, {
      onEnd(request, socket) {
        socket.write(answerOf('200 OK', 'reached'))
        if (valuesOf(request.lines, 'upgrade').length > 0) socket.end()
      },
    })
    const token = await house.alice()
    let count = 0
    try {
      return await fuzz(
        fc.asyncProperty(OCTETS, async (octets) => {
          count += 1
          const sent = octets.replaceAll(TOKEN, token)
          const before = house.upstream.requests.length
          const received = await converse(house.scopelift.url, sent)
          const seen = house.upstream.requests.slice(before)
          checkSeen(house, sent, seen)
          checkReceived(received)
          return count % CHECK_EVERY !== 0 || (await isAlive(house))
        }),
        budget,
      )
    } finally {
      await scope.close()
    }
  },
}

function checkSeen(house: ProxyHouse, sent: string, seen: readonly StrictRequest[]): void {
  const [violation] = house.upstream.violations()
  if (violation !== undefined) throw new Error(`went upstream: ${violation}`)
  const lower = sent.toLowerCase()
  for (const { method, target, lines } of seen) {
    if (!sent.includes(method) || !sent.includes(target))
      throw new Error(`invented: ${method} ${target}`)
    for (const [name, value] of lines) {
      const field = name.toLowerCase()
      if (OWN_FIELDS.includes(field) && field !== 'authorization') continue
      if (FORWARDED.includes(field)) continue
      if (!lower.includes(`${field}:`) || !sent.includes(value))
        throw new Error(`injected: ${name}: ${value}`)
    }
    if (valuesOf(lines, 'x-forwarded-for')[0] !== '127.0.0.1') throw new Error('spoofed address')
  }
}

/** Answers, one behind the other, each with a head as it must be; nothing of the upstream's between them. */
function checkReceived(received: string): void {
  if (received !== '' && !received.startsWith('HTTP/1.1 '))
    throw new Error(`answered: ${received.slice(0, 80)}`)
  if (/HTTP\/1\.1 5(?!02|08)/.test(received))
    throw new Error(`a failure of ours: ${received.slice(0, 200)}`)
}

async function isAlive(house: ProxyHouse): Promise<boolean> {
  const answer = await exchangeRaw(
    house.scopelift.url,
    'GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  return answer.endsWith('reached') && (await eventually(() => hasNoLeak(house.scopelift)))
}
