import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw, exchangeRaw } from '../support/raw-http.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { startScopelift } from '../support/scopelift.ts'
import { readAll, startUpstream } from '../support/upstream.ts'

/** What two parsers could read differently must stop here: 400, and the connection closed. */
const BAD_REQUESTS: Record<string, string> = {
  'Content-Length beside Transfer-Encoding':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'differing Content-Length':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
  'repeated Content-Length':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd',
  'a Content-Length that is no number':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd',
  'a coding before chunked':
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'a coding that nobody knows':
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'two Transfer-Encoding lines':
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'a folded line': 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c: d\r\n\r\n',
  'a space before the colon': 'GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n',
  'a bare CR in a value': 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n',
  'a NUL in a value': 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n',
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'two Host lines': 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'a chunk size that is no number':
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
}

t.test('an ambiguous request is refused and its connection closed', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, async (req, res, seen) => {
    await readAll(req, seen)
    res.end('reached')
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (const [name, request] of Object.entries(BAD_REQUESTS)) {
    const answer = await exchangeRaw(scopelift.url, request)
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*"error":\{/, name)
    t.notMatch(answer, /reached/, name)
  }
})

t.test('a head beyond 64 KiB is 431; a token of 20 000 characters passes', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (_req, res) => void res.end('ok'))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const send = (token: string) =>
    exchangeRaw(
      scopelift.url,
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
  t.match(await send('x'.repeat(20_000)), /^HTTP\/1\.1 200/)
  t.match(await send('x'.repeat(70_000)), /^HTTP\/1\.1 431 [\s\S]*headers_too_large/)
})

/** What an upstream may not say: 502. */
const BAD_ANSWERS: Record<string, string> = {
  'Content-Length beside Transfer-Encoding':
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'differing Content-Length':
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
  'a coding before chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'a coding that nobody knows': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nabc',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 0\r\n\r\n',
  'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  nothing: '',
}

t.test('an ambiguous answer is 502, and nothing of it reaches the caller', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  let bytes = ''
  const upstream = await startRawUpstream(t, () => ({ bytes }))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (const [name, answer] of Object.entries(BAD_ANSWERS)) {
    bytes = answer
    const seen = await exchangeRaw(
      scopelift.url,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    t.match(seen, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream_unavailable"/, name)
    t.match(seen, /\r\nscopelift-outcome: upstream-unavailable\r\n/, name)
  }
})

t.test('a second answer behind the first is nobody’s: the next caller gets its own', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  let count = 0
  const upstream = await startRawUpstream(t, () => {
    count += 1
    const own = `HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nown-${String(count).padStart(2, '0')}`
    return { bytes: `${own}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`, closes: false }
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (let i = 0; i < 5; i += 1) {
    const seen = await exchangeRaw(
      scopelift.url,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    t.notMatch(seen, /poison/)
  }
})

t.test('an early hint reaches the caller only with the answer that it belongs to', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
  const upstream = await startRawUpstream(t, (head) => ({
    bytes: head.startsWith('GET /denied')
      ? `${early}HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n`
      : `${early}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
  }))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const send = (path: string) =>
    exchangeRaw(
      scopelift.url,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
  t.match(
    await send('/granted'),
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/,
  )
  t.match(await send('/denied'), /^HTTP\/1\.1 403/)
})

t.test('pipelined requests are answered in order', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (req, res) => {
    setTimeout(() => res.end(`answer to ${req.url}`), req.url === '/1' ? 50 : 0)
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const connection = await connectRaw(scopelift.url)
  connection.write(
    'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  t.same((await connection.ended()).match(/answer to \/\d/g), [
    'answer to /1',
    'answer to /2',
    'answer to /3',
  ])
})
