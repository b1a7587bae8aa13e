import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw, exchangeRaw } from '../support/raw-http.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { startScopelift } from '../support/scopelift.ts'
import { startUpstream } from '../support/upstream.ts'

/** Where the code leaves Node's own order of things: upgrades, pipelining, interim heads, callers that go. */

const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('an upgrade pipelined behind a request waits for its answer', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (req, res) => {
    setTimeout(() => res.end(`answer to ${req.url}`), 100)
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const behind = {
    websocket: `GET /b HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`,
    h2c: 'GET /b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    connect: 'CONNECT x:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    refused: `GET /../b HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`,
  }
  for (const [name, second] of Object.entries(behind)) {
    const connection = await connectRaw(scopelift.url)
    connection.write(`GET /a HTTP/1.1\r\nHost: a\r\n\r\n${second}`)
    const text = await connection.until('answer to /a')
    t.match(text, /^HTTP\/1\.1 200 OK/, name)
    t.notMatch(text.slice(0, text.indexOf('answer to /a')), /405|400/, name)
    connection.socket.destroy()
  }
  t.match(await (await fetch(scopelift.url)).text(), /answer/, 'and the process lives')
})

t.test('callers that leave take their pipelined requests with them', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  let open = 0
  const upstream = await startUpstream(t, (_req, res) => {
    open += 1
    res.on('close', () => {
      open -= 1
    })
    res.write('x')
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (let i = 0; i < 20; i += 1) {
    const connection = await connectRaw(scopelift.url)
    connection.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4))
    await connection.until('200 OK')
    connection.socket.destroy()
  }
  await until(() => open === 0)
  t.equal(upstream.requests.length, 20, 'none was begun before its turn')
})

t.test('a connection with too many requests in wait is cut', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, () => {})
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const connection = await connectRaw(scopelift.url)
  connection.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200))
  t.equal(await connection.ended(), '')
  t.ok(upstream.requests.length <= 1)
})

/** Takes handshakes and answers them as told, or never. */
async function startHandshakeUpstream(t: Test, answer: string | undefined) {
  const connections = new Set<unknown>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => connections.delete(socket))
    socket.on('data', () => {
      if (answer !== undefined) socket.write(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, connections }
}

t.test('a caller that leaves during its handshake is noticed, however it leaves', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startHandshakeUpstream(t, undefined)
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (const early of ['', 'early bytes']) {
    for (const leave of ['destroy', 'end'] as const) {
      const connection = await connectRaw(scopelift.url)
      connection.write(`GET / HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n${early}`)
      await until(() => upstream.connections.size === 1)
      connection.socket[leave]()
      await until(() => upstream.connections.size === 0)
    }
  }
  t.pass('no upstream connection is left')
})

t.test('a refused handshake leaves no connection behind, whatever was sent ahead', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startHandshakeUpstream(
    t,
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  for (const target of ['/', '/../refused-by-us']) {
    const answer = await exchangeRaw(
      scopelift.url,
      `GET ${target} HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\nearly bytes`,
    )
    t.match(answer, /^HTTP\/1\.1 40[03] /, target)
  }
})

t.test('a denial of very many very small chunks passes whole', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const count = 70_000
  const chunks = Buffer.from('1\r\nx\r\n'.repeat(count))
  const head = 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n'
  const upstream = await startRawUpstream(t, () => ({
    bytes: Buffer.concat([Buffer.from(head), chunks, Buffer.from('0\r\n\r\n')]),
  }))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const answer = await fetch(scopelift.url, { headers: { authorization: `Bearer ${token}` } })
  t.equal(answer.headers.get('scopelift-outcome'), 'denial-too-large')
  t.equal((await answer.text()).length, count)
})

t.test('a reason phrase beyond ASCII does not cost the answer', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startRawUpstream(t, () => ({
    bytes: 'HTTP/1.1 403 Verbot\xe9n\r\nContent-Length: 2\r\n\r\nno',
  }))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const answer = await exchangeRaw(
    scopelift.url,
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  t.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*no$/)
})

t.test('an expectation other than 100-continue is refused in our envelope', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (_req, res) => void res.end('reached'))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const answer = await exchangeRaw(
    scopelift.url,
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n',
  )
  t.match(answer, /^HTTP\/1\.1 417 [\s\S]*"code":"invalid_request"/)
})
