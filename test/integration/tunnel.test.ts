import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw, exchangeRaw } from '../support/raw-http.ts'
import { startScopelift } from '../support/scopelift.ts'
import { scopesOf } from '../support/upstream.ts'

const SCOPE = 'llama:agent_create'

/** An echo server that refuses the handshake as it is told. */
async function build(
  t: Test,
  options: { challenge?: boolean; open?: boolean; policy?: Record<string, string> } = {},
) {
  const authorizationServer = await startDemoRealm(t)
  const server = createServer((_req, res) => void res.end('plain'))
  const webSockets = new WebSocketServer({ noServer: true })
  const seen: { authorization: string | undefined; url: string | undefined }[] = []
  server.on('upgrade', (req, socket, head) => {
    seen.push({ authorization: req.headers.authorization, url: req.url })
    if (options.open !== true && !scopesOf(req.headers.authorization).includes(SCOPE)) {
      const challenge =
        options.challenge === false
          ? ''
          : `WWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\r\n`
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nX-Refused: 1\r\n${challenge}Content-Length: 0\r\nConnection: close\r\n\r\n`,
      )
      return
    }
    webSockets.handleUpgrade(req, socket, head, (webSocket) => {
      webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of webSockets.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const scopelift = await startScopelift(t, {
    upstreamUrl: `http://127.0.0.1:${port}`,
    authorizationServer,
    ...(options.policy === undefined ? {} : { env: options.policy }),
  })
  return { authorizationServer, scopelift, seen, wsUrl: scopelift.url.replace('http', 'ws') }
}

function connect(url: string, token?: string): WebSocket {
  return new WebSocket(url, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}

t.test(
  'a handshake refused with a challenge is stepped up before 101, and both ends talk',
  async (t) => {
    const { authorizationServer, seen, wsUrl, scopelift } = await build(t)
    const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
    const webSocket = connect(`${wsUrl}/v1/responses?a=%2F`, token)
    let outcome: string | string[] | undefined
    webSocket.on('upgrade', (response) => {
      outcome = response.headers['scopelift-outcome']
    })
    await once(webSocket, 'open')
    t.equal(outcome, 'stepped-up')
    webSocket.send('x'.repeat(200_000))
    const [echo] = await once(webSocket, 'message')
    t.equal(String(echo).length, 200_000)
    t.match(seen, [
      { authorization: `Bearer ${token}`, url: '/v1/responses?a=%2F' },
      { url: '/v1/responses?a=%2F' },
    ])
    t.match(scopelift.audit, [{ outcome: 'stepped-up', scopesNeeded: [SCOPE] }])
    webSocket.close()
    await once(webSocket, 'close')
  },
)

t.test('an empty refusal without a challenge arrives as sent', async (t) => {
  const { authorizationServer, wsUrl } = await build(t, { challenge: false })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const webSocket = connect(`${wsUrl}/v1/responses`, token)
  const [, response] = await once(webSocket, 'unexpected-response')
  t.equal(response.statusCode, 403)
  t.equal(response.headers['x-refused'], '1')
  t.equal(response.headers['scopelift-outcome'], 'no-hint')
  webSocket.on('error', () => {})
  webSocket.terminate()
})

t.test('without a token an open endpoint is tunnelled as it is', async (t) => {
  const { wsUrl } = await build(t, { open: true })
  const webSocket = connect(wsUrl)
  await once(webSocket, 'open')
  webSocket.send('hello')
  const [echo] = await once(webSocket, 'message')
  t.equal(String(echo), 'hello')
  webSocket.terminate()
})

t.test('a tunnel opened with an issued token is closed when the token ends', async (t) => {
  const { authorizationServer, wsUrl } = await build(t)
  const token = await authorizationServer.issueSubjectToken({
    user: 'alice',
    scope: 'openid',
    expiresInS: 3,
  })
  const webSocket = connect(wsUrl, token)
  await once(webSocket, 'open')
  await once(webSocket, 'close')
  t.ok(
    Date.now() / 1000 <=
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).exp + 2,
  )
})

t.test('handshakes pass the same admission as requests', async (t) => {
  const { scopelift, seen } = await build(t, { open: true })
  const lines =
    'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  t.match(
    await exchangeRaw(scopelift.url, `GET /a/../b HTTP/1.1\r\n${lines}\r\n`),
    /^HTTP\/1\.1 400 [\s\S]*invalid_target/,
  )
  t.match(
    await exchangeRaw(
      scopelift.url,
      `GET /a HTTP/1.1\r\n${lines}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
    ),
    /^HTTP\/1\.1 400 [\s\S]*multiple_authorization/,
  )
  t.equal(seen.length, 0)
})

t.test('a handshake when the upstream is gone: 502', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const scopelift = await startScopelift(t, {
    upstreamUrl: 'http://127.0.0.1:1',
    authorizationServer,
  })
  const webSocket = connect(scopelift.url.replace('http', 'ws'))
  const [, response] = await once(webSocket, 'unexpected-response')
  t.equal(response.statusCode, 502)
  webSocket.on('error', () => {})
  webSocket.terminate()
})

t.test('what the upstream sent before it closed reaches a slow caller whole', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const total = 8 * 1024 * 1024
  const server = createServer()
  server.on('upgrade', (_req, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    socket.end(Buffer.alloc(total, 'x'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const scopelift = await startScopelift(t, {
    upstreamUrl: `http://127.0.0.1:${port}`,
    authorizationServer,
  })
  const { socket, write } = await connectRaw(scopelift.url)
  socket.removeAllListeners('data')
  socket.pause()
  write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 300))
  let received = ''
  socket.on('data', (chunk) => {
    received += String(chunk)
  })
  socket.resume()
  await once(socket, 'end')
  t.equal(received.slice(received.indexOf('\r\n\r\n') + 4).length, total)
  socket.destroy()
})
