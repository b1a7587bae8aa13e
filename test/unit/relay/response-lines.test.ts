import t from 'tap'
import { readResponseHead } from '../../../src/relay/response-lines.ts'

const OURS = { via: '1.1 us', outcome: undefined, isIssued: false }

t.test('end-to-end lines keep their order, case and value, and ours follow', async (t) => {
  const lines = ['Set-Cookie', 'a', 'ETag', '"x"', 'set-cookie', 'b', 'WWW-Authenticate', 'Basic']
  t.same(readResponseHead(lines, { ...OURS, outcome: 'forwarded' }), {
    lines: [...lines, 'via', '1.1 us', 'scopelift-outcome', 'forwarded'],
    contentLength: undefined,
  })
})

t.test('hop-by-hop lines and what Connection names are left out', async (t) => {
  const head = readResponseHead(
    [
      ...['Connection', 'close, x-a', 'Keep-Alive', 'timeout=5', 'X-A', '1', 'Trailer', 'x'],
      ...['Transfer-Encoding', 'chunked', 'Connection', 'x-b', 'x-b', '2', 'X-C', '3'],
      ...['Upgrade', 'h2c', 'Proxy-Authenticate', 'Basic', 'Via', '1.1 them'],
    ],
    OURS,
  )
  t.same(head?.lines, ['X-C', '3', 'Via', '1.1 them', 'via', '1.1 us'])
})

t.test('Connection cannot hide a challenge, nor our own lines', async (t) => {
  const head = readResponseHead(
    ['Connection', 'www-authenticate, via, scopelift-outcome', 'WWW-Authenticate', 'Bearer'],
    { ...OURS, outcome: 'no-hint' },
  )
  t.same(head?.lines, [
    ...['WWW-Authenticate', 'Bearer', 'via', '1.1 us', 'scopelift-outcome', 'no-hint'],
  ])
})

t.test("an upstream's own outcome is removed, also where we write none", async (t) => {
  const head = readResponseHead(['Scopelift-Outcome', 'stepped-up', 'X', 'y'], OURS)
  t.same(head?.lines, ['X', 'y', 'via', '1.1 us'])
})

t.test('the length is read', async (t) => {
  t.equal(readResponseHead(['Content-Length', '12'], OURS)?.contentLength, 12)
})

t.test('an answer whose framing is ambiguous is no answer', async (t) => {
  for (const value of ['gzip, chunked', 'gzip', 'chunked, chunked', 'foo', '', 'identity']) {
    t.equal(readResponseHead(['transfer-encoding', value], OURS), undefined, value)
  }
  t.equal(
    readResponseHead(['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], OURS),
    undefined,
  )
  t.ok(readResponseHead(['Transfer-Encoding', ' Chunked '], OURS))
})

t.test('any answer to an issued token is private', async (t) => {
  const issued = { ...OURS, isIssued: true }
  const table: [lines: string[], sent: string[]][] = [
    [[], ['cache-control', 'private']],
    [
      ['Cache-Control', 'public', 'X', 'y', 'cache-control', 'max-age=5'],
      ['X', 'y', 'cache-control', 'private, max-age=5'],
    ],
    [
      ['Connection', 'cache-control', 'Cache-Control', 'public'],
      ['cache-control', 'private'],
    ],
  ]
  for (const [lines, sent] of table) {
    t.same(readResponseHead(lines, issued)?.lines, [...sent, 'via', '1.1 us'])
  }
  t.same(readResponseHead(['Cache-Control', 'public'], OURS)?.lines, [
    ...['Cache-Control', 'public', 'via', '1.1 us'],
  ])
})

t.test('fields that outrank Cache-Control at some caches do not undo `private`', async (t) => {
  const lines = [
    ...['CDN-Cache-Control', 'public', 'X-LiteSpeed-Cache-Control', 'public'],
    ...['Surrogate-Control', 'max-age=9', 'X-Accel-Expires', '600', 'Edge-Control', '!no-store'],
    ...['X', 'y'],
  ]
  const ours = { via: '1.1 us', outcome: undefined }
  t.same(readResponseHead(lines, { ...ours, isIssued: true })?.lines, [
    ...['X', 'y', 'cache-control', 'private', 'via', '1.1 us'],
  ])
  t.same(readResponseHead(lines, { ...ours, isIssued: false })?.lines, [...lines, 'via', '1.1 us'])
})
