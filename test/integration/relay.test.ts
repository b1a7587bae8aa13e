import { once } from 'node:events'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw, exchangeRaw } from '../support/raw-http.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { Handle } from '../support/upstream.ts'
import { readAll, startUpstream } from '../support/upstream.ts'

async function start(t: Test, handle: Handle, env: Record<string, string> = {}) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, handle)
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  return { authorizationServer, upstream, scopelift }
}

t.test('targets reach the upstream byte for byte', async (t) => {
  const { upstream, scopelift } = await start(t, (_req, res) => void res.end('ok'))
  const targets = [
    '/v1/models/stub%2Ftiny',
    '/v1/models/stub/tiny?q=a%20b&c=%2F..%2f',
    '/v1//files///x',
    '/v1/files;v=1/a:b@c',
    '/',
    '/?',
    '/%E2%82%AC?%ff',
  ]
  for (const target of targets) {
    const answer = await exchangeRaw(
      scopelift.url,
      `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, target)
  }
  t.same(
    upstream.requests.map((request) => request.target),
    targets,
  )
})

t.test('a path in UPSTREAM_URL is put before every target', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (_req, res) => void res.end('ok'))
  const scopelift = await startScopelift(t, {
    upstreamUrl: `${upstream.url}/base/`,
    authorizationServer,
  })
  await (await fetch(`${scopelift.url}/v1/models?x=1`)).text()
  t.equal(upstream.requests[0]?.target, '/base/v1/models?x=1')
})

t.test(
  'every method that Node parses passes with its body; TRACE and CONNECT are 405',
  async (t) => {
    const { upstream, scopelift } = await start(t, async (req, res, seen) => {
      await readAll(req, seen)
      res.end('ok')
    })
    for (const method of [
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'PROPFIND',
      'REPORT',
      'QUERY',
    ]) {
      if (method === 'QUERY' && !(await import('node:http')).METHODS.includes('QUERY')) continue
      const answer = await exchangeRaw(
        scopelift.url,
        `${method} /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc`,
      )
      t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, method)
      t.equal(upstream.requests.at(-1)?.method, method)
      t.equal(upstream.requests.at(-1)?.bytes, 3, method)
    }
    const before = upstream.requests.length
    for (const request of ['TRACE /x', 'CONNECT x:443']) {
      const answer = await exchangeRaw(
        scopelift.url,
        `${request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      )
      t.match(answer, /^HTTP\/1\.1 405 [\s\S]*"code":"method_not_allowed"/, request)
    }
    t.equal(upstream.requests.length, before)
  },
)

t.test('an empty, missing or malformed Content-Type is the upstream’s affair', async (t) => {
  const { upstream, scopelift } = await start(t, async (req, res, seen) => {
    await readAll(req, seen)
    res.end('ok')
  })
  for (const line of [
    '',
    'Content-Type: \r\n',
    'Content-Type: nonsense\r\n',
    'Content-Type: a/b; ;;\r\n',
  ]) {
    const answer = await exchangeRaw(
      scopelift.url,
      `POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${line}Content-Length: 2\r\n\r\nhi`,
    )
    t.match(answer, /^HTTP\/1\.1 200/, JSON.stringify(line))
    const sent = upstream.requests.at(-1)?.rawHeaders ?? []
    t.equal(
      sent.filter((field) => field.toLowerCase() === 'content-type').length,
      line === '' ? 0 : 1,
    )
  }
})

t.test(
  'hop-by-hop fields stay on their hop, repeated fields stay apart, and case is kept',
  async (t) => {
    const { upstream, scopelift } = await start(t, (_req, res) => {
      res.writeHead(200, [
        'X-Two',
        'a',
        'X-Two',
        'b',
        'Connection',
        'x-secret-hop',
        'X-Secret-Hop',
        '1',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'scopelift-outcome',
        'forged',
        'Proxy-Authenticate',
        'x',
      ])
      res.end('ok')
    })
    const answer = await exchangeRaw(
      scopelift.url,
      'GET /x HTTP/1.1\r\nHost: x\r\nConnection: close, X-Foo, authorization\r\nX-Foo: 1\r\nX-Bar: 1\r\nX-Bar: 2\r\n' +
        'TE: trailers\r\nTrailer: x\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\n' +
        'Upgrade: foo\r\nAuthorization: Basic abc\r\nX_Forwarded_User: root\r\nX-Forwarded-User: root\r\n' +
        'X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\r\n',
    )
    const sent = pairs(upstream.requests[0]?.rawHeaders ?? [])
    const names = sent.map(([name]) => name.toLowerCase())
    for (const gone of [
      'x-foo',
      'te',
      'trailer',
      'keep-alive',
      'proxy-connection',
      'proxy-authorization',
      'upgrade',
      'x_forwarded_user',
      'x-forwarded-user',
      'forwarded',
    ]) {
      t.notOk(names.includes(gone), gone)
    }
    t.same(
      sent.filter(([name]) => name === 'X-Bar').map(([, value]) => value),
      ['1', '2'],
    )
    t.same(
      sent.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value),
      ['127.0.0.1'],
    )
    t.same(
      sent.filter(([name]) => name === 'Authorization').map(([, value]) => value),
      ['Basic abc'],
    )
    t.match(sent.find(([name]) => name === 'via')?.[1], /^1\.1 scopelift-[0-9a-f]{16}$/)
    t.same(
      sent.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value),
      [new URL(upstream.url).host],
    )
    t.match(answer, /X-Two: a\r\nX-Two: b\r\n/)
    t.match(answer, /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n/)
    t.notMatch(answer, /X-Secret-Hop|Proxy-Authenticate|forged/)
    t.match(answer, /\r\nscopelift-outcome: forwarded\r\n/)
    t.match(answer, /\r\nvia: 1\.1 scopelift-/)
  },
)

t.test('a stream reaches the caller event by event, head first', async (t) => {
  let send: (text: string) => void = () => {}
  let end: () => void = () => {}
  const { scopelift } = await start(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.flushHeaders()
    send = (text) => void res.write(text)
    end = () => void res.end()
  })
  const connection = await connectRaw(scopelift.url)
  connection.write('GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await connection.until('text/event-stream')
  send('data: 1\n\n')
  await connection.until('data: 1\n\n')
  send('data: 2\n\n')
  await connection.until('data: 2\n\n')
  end()
  t.match(await connection.ended(), /\r\n0\r\n\r\n$/)
})

t.test('a caller that leaves aborts the upstream’s work', async (t) => {
  const aborted = new Promise<void>((resolve) => {
    t.context.onAborted = resolve
  })
  const { scopelift } = await start(t, (_req, res) => {
    res.writeHead(200)
    res.write('first')
    res.on('close', () => t.context.onAborted())
  })
  const connection = await connectRaw(scopelift.url)
  connection.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n')
  await connection.until('first')
  connection.socket.destroy()
  await aborted
  t.pass('the upstream saw its connection close')
})

t.test(
  'an upstream that breaks off leaves the caller with a body that is visibly not whole',
  async (t) => {
    const { scopelift } = await start(t, (_req, res) => {
      res.writeHead(200)
      res.write('first')
      setImmediate(() => res.destroy())
    })
    const answer = await exchangeRaw(scopelift.url, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n')
    t.match(answer, /first/)
    t.notMatch(answer, /\r\n0\r\n\r\n$/)
  },
)

t.test('no upstream: 502 in the envelope that clients parse', async (t) => {
  const { scopelift, upstream } = await start(t, () => {})
  await upstream.close()
  const answer = await fetch(`${scopelift.url}/x`, { method: 'POST', body: 'x' })
  t.equal(answer.status, 502)
  t.match(await answer.json(), { error: { type: 'server_error', code: 'upstream_unavailable' } })
  t.equal(answer.headers.get('scopelift-outcome'), 'upstream-unavailable')
})

t.test('an upstream without an answer in time: 504', async (t) => {
  const { scopelift } = await start(t, () => {}, { UPSTREAM_HEADERS_TIMEOUT_MS: '1000' })
  const answer = await fetch(`${scopelift.url}/x`)
  t.equal(answer.status, 504)
  t.match(await answer.json(), { error: { code: 'upstream_timeout' } })
})

t.test('HEAD, 204 and 304 have no body, and their heads pass', async (t) => {
  const { scopelift } = await start(t, (req, res) => {
    if (req.url === '/204') res.writeHead(204, { 'x-a': '1' })
    else if (req.url === '/304') res.writeHead(304, { etag: '"x"' })
    else res.writeHead(200, { 'content-length': '5' })
    res.end(req.method === 'HEAD' ? undefined : req.url === '/x' ? 'hello' : undefined)
  })
  const close = 'HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  t.match(
    await exchangeRaw(scopelift.url, `HEAD /x ${close}`),
    /^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n[\s\S]*\r\n\r\n$/,
  )
  t.match(
    await exchangeRaw(scopelift.url, `GET /204 ${close}`),
    /^HTTP\/1\.1 204 No Content\r\n[\s\S]*\r\n\r\n$/,
  )
  t.match(
    await exchangeRaw(scopelift.url, `GET /304 ${close}`),
    /^HTTP\/1\.1 304 Not Modified\r\n[\s\S]*\r\n\r\n$/,
  )
})

t.test('redirects pass and are never followed', async (t) => {
  const { scopelift, upstream } = await start(t, (_req, res) => {
    res.writeHead(307, { location: `${upstream.url}/elsewhere` })
    res.end()
  })
  const answer = await fetch(`${scopelift.url}/x`, { redirect: 'manual' })
  t.equal(answer.status, 307)
  t.equal(upstream.requests.length, 1)
})

t.test('Expect: 100-continue is answered by us and never forwarded', async (t) => {
  const { scopelift, upstream } = await start(t, async (req, res, seen) => {
    await readAll(req, seen)
    res.end('ok')
  })
  const connection = await connectRaw(scopelift.url)
  connection.write(
    'POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  )
  await connection.until('HTTP/1.1 100 Continue\r\n\r\n')
  connection.write('hello')
  t.match(await connection.ended(), /HTTP\/1\.1 200 OK/)
  t.equal(upstream.requests[0]?.bytes, 5)
  t.notOk(upstream.requests[0]?.rawHeaders.some((field) => field.toLowerCase() === 'expect'))
})

t.test('a request that has come through us before is a loop: 508', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, async (req, res) => {
    const answer = await fetch(`${t.context.url}${req.url}`, {
      headers: { via: req.headers.via ?? '' },
    })
    res.writeHead(answer.status)
    res.end(await answer.text())
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  t.context.url = scopelift.url
  const answer = await fetch(`${scopelift.url}/x`)
  t.equal(answer.status, 508)
  t.match(await answer.json(), { error: { code: 'loop_detected' } })
})

t.test(
  'h2c is declined by serving the request as it is, GET and POST, and the connection goes on',
  async (t) => {
    const { scopelift, upstream } = await start(t, async (req, res, seen) => {
      await readAll(req, seen)
      res.end(`${req.method} ok`)
    })
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n'
    const connection = await connectRaw(scopelift.url)
    connection.write(`GET /a HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)
    await connection.until('GET ok')
    connection.write(`POST /b HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: 5\r\n\r\nhello`)
    await connection.until('POST ok')
    connection.write('PUT /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    t.match(await connection.ended(), /PUT ok/)
    t.same(
      upstream.requests.map(({ method, target, bytes }) => [method, target, bytes]),
      [
        ['GET', '/a', 0],
        ['POST', '/b', 5],
        ['PUT', '/c', 0],
      ],
    )
  },
)

t.test('a slow reader slows the upstream down instead of filling our memory', async (t) => {
  const chunk = Buffer.alloc(65_536)
  const total = 64 * 1024 * 1024
  let written = 0
  const { scopelift } = await start(t, async (_req, res) => {
    res.writeHead(200, { 'content-length': String(total) })
    while (written < total) {
      written += chunk.length
      if (!res.write(chunk)) await once(res, 'drain')
    }
    res.end()
  })
  const connection = await connectRaw(scopelift.url)
  connection.socket.pause()
  connection.socket.removeAllListeners('data')
  connection.write('GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await settled(() => written)
  t.ok(written < total / 2, `the upstream was stopped after ${written} bytes`)
  let received = 0
  connection.socket.on('data', (data) => {
    received += data.length
  })
  connection.socket.resume()
  await once(connection.socket, 'close')
  t.ok(received > total)
})

/** Waits until a number has not changed for a while: the pipe is full. */
async function settled(read: () => number): Promise<void> {
  let last = -1
  while (read() !== last || last === 0) {
    last = read()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const lines: [string, string][] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    lines.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  }
  return lines
}
