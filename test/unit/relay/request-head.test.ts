import t from 'tap'
import { readRequestHead } from '../../../src/relay/request-head.ts'

t.test('end-to-end lines keep their order, case and value', async (t) => {
  const lines = ['ACCEPT', '*/*', 'X-A', '1', 'x-a', ' 2', 'Content-Length', '5', 'Cookie', 'c']
  const head = readRequestHead(['Host', 'h', ...lines])
  t.same(head.lines, lines)
  t.equal(head.host, 'h')
  t.equal(head.contentLength, '5')
})

t.test('lines that speak of the connection alone are left out', async (t) => {
  const fields = [
    ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'TE', 'Trailer'],
    ...['Transfer-Encoding', 'Upgrade', 'HTTP2-Settings', 'Expect', 'Host', 'Proxy-Authenticate'],
  ]
  for (const field of fields) {
    for (const name of [field, field.toLowerCase(), field.toUpperCase()]) {
      t.same(readRequestHead([name, 'x', 'Kept', 'y']).lines, ['Kept', 'y'], name)
    }
  }
})

t.test('what Connection names is left out, wherever it stands', async (t) => {
  const head = readRequestHead([
    ...['X-Foo', '1', 'Connection', 'x-FOO , close,, x-bar', 'x-foo', '2', 'X-Bar', '3'],
    ...['Connection', 'x-baz', 'X-Baz', '4', 'X-Kept', '5'],
  ])
  t.same(head.lines, ['X-Kept', '5'])
})

t.test('Connection cannot take away what everybody must read', async (t) => {
  const lines = ['Authorization', 'Bearer a', 'Content-Type', 'a/b', 'Content-Encoding', 'gzip']
  const names = 'authorization, content-type, content-encoding, content-length'
  const head = readRequestHead(['Connection', names, ...lines, 'Content-Length', '1'])
  t.same(head.lines, [...lines, 'Content-Length', '1'])
  t.equal(head.authorization, 'Bearer a')
})

t.test('a via that Connection names is still seen', async (t) => {
  const head = readRequestHead(['Via', '1.1 a', 'Connection', 'via', 'via', '1.1 b'])
  t.same(head.via, ['1.1 a', '1.1 b'])
  t.same(head.lines, [])
})

t.test('repeated lines are counted, and the first one is read', async (t) => {
  const head = readRequestHead([
    ...['host', 'a', 'HOST', 'b', 'authorization', 'Bearer a', 'Authorization', 'Bearer b'],
  ])
  t.match(head, { host: 'a', hostCount: 2, authorization: 'Bearer a', authorizationCount: 2 })
})

t.test('transfer codings of several lines are one list', async (t) => {
  t.equal(readRequestHead(['transfer-encoding', 'chunked']).transferEncoding, 'chunked')
  const head = readRequestHead(['Transfer-Encoding', 'gzip', 'transfer-encoding', 'chunked'])
  t.equal(head.transferEncoding, 'gzip, chunked')
})

t.test('expectations of several lines are one list', async (t) => {
  t.equal(readRequestHead(['Expect', '100-Continue']).expect, '100-Continue')
  t.equal(readRequestHead(['Expect', 'a', 'expect', '100-continue']).expect, 'a, 100-continue')
})

t.test('forwarding lines are set apart, also those with underscores', async (t) => {
  const apart = [
    ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto'],
    ...['x-forwarded-user', 'X_Forwarded_User', 'x-forwarded_for', 'X_FORWARDED-FOR'],
  ]
  for (const name of apart) {
    const head = readRequestHead([name, 'v', 'Kept', 'y'])
    t.same(head.forwardingLines, [name, 'v'], name)
    t.same(head.lines, ['Kept', 'y'], name)
  }
  const kept = ['X-Forward', 'X-Real', 'From', 'Forwarded-By', 'x-forwardedfor', 'a_b', 'x']
  for (const name of kept) t.same(readRequestHead([name, 'v']).lines, [name, 'v'], name)
})

t.test('a head without a line is empty', async (t) => {
  t.same(readRequestHead([]), {
    lines: [],
    forwardingLines: [],
    authorization: undefined,
    authorizationCount: 0,
    host: undefined,
    hostCount: 0,
    transferEncoding: undefined,
    contentLength: undefined,
    expect: undefined,
    via: [],
  })
})
