import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import t from 'tap'
import type { Admitted, Relay } from '../../../src/relay/relay.ts'
import { listenForUpgrades } from '../../../src/relay/upgrade.ts'
import { portOf } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

/** What becomes of one request: it is tunnelled, or served as an ordinary one that is answered with what was read of it. */
async function send(t: Scope, request: string) {
  const tunnels: { admitted: Admitted; first: string; idleMs: number | undefined }[] = []
  const relay: Relay = {
    relay() {},
    drain() {},
    openTunnels: 0,
    tunnel(admitted: Admitted, socket: Duplex) {
      const idleMs = admitted.req.socket.timeout
      tunnels.push({ admitted, first: String(socket.read()), idleMs })
      socket.end('tunnelled')
    },
  }
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    const { method, url, rawHeaders } = req
    res.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString() }))
  })
  listenForUpgrades(server, relay, 'us')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const caller = connect(portOf(server.address()), '127.0.0.1')
  t.teardown(() => caller.destroy())
  t.teardown(() => server.close())
  caller.write(request)
  let text = ''
  for await (const chunk of caller) {
    text += String(chunk)
    if (text.endsWith('}') && !request.includes('/second')) break
  }
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  return {
    text,
    tunnels,
    served: text.endsWith('}') && body.startsWith('{') ? JSON.parse(body) : undefined,
  }
}

const WEB_SOCKET = 'Host: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n'

t.test('a WebSocket handshake is tunnelled with the bytes behind it', async (t) => {
  const { tunnels } = await send(t, `GET /a?b HTTP/1.1\r\n${WEB_SOCKET}X: y\r\n\r\nframe`)
  t.equal(tunnels.length, 1)
  t.match(tunnels[0]?.admitted, { target: '/a?b', path: '/a', head: { lines: ['X', 'y'] } })
  t.equal(tunnels[0]?.first, 'frame')
})

t.test('a handshake passes the same admission as any request', async (t) => {
  const table: [request: string, status: string][] = [
    [`GET /../a HTTP/1.1\r\n${WEB_SOCKET}\r\n`, '400'],
    [`GET / HTTP/1.1\r\n${WEB_SOCKET}Via: 1.1 us\r\n\r\n`, '508'],
    [`GET / HTTP/1.1\r\n${WEB_SOCKET}Authorization: a\r\nAuthorization: b\r\n\r\n`, '400'],
    ['CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n', '405'],
  ]
  for (const [request, status] of table) {
    const { text, tunnels } = await send(t, request)
    t.ok(text.startsWith(`HTTP/1.1 ${status} `), text)
    t.equal(tunnels.length, 0)
  }
})

const DECLINED: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n',
  `POST / HTTP/1.1\r\n${WEB_SOCKET}Content-Length: 0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${WEB_SOCKET}Content-Length: 2\r\n\r\nab`,
  `GET / HTTP/1.1\r\n${WEB_SOCKET}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
]
for (const request of DECLINED) {
  t.test(`served as if it had not asked: ${JSON.stringify(request)}`, async (t) => {
    const { served, tunnels } = await send(t, request)
    t.equal(tunnels.length, 0)
    t.equal(served.body, request.endsWith('\r\n\r\n') && !request.includes('ab') ? '' : 'ab')
    const names = served.rawHeaders.map((line: string) => line.toLowerCase())
    t.notOk(names.includes('upgrade') || names.includes('http2-settings'))
  })
}

t.test('what else Connection says is kept', async (t) => {
  const { served } = await send(
    t,
    'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nX-Mine: 1\r\nConnection: X-Mine, upgrade,close\r\n\r\n',
  )
  const { rawHeaders } = served
  const value = rawHeaders[rawHeaders.indexOf('Connection') + 1]
  t.equal(value, 'X-Mine, close')
})

t.test(
  'a tunnel may be idle, whatever the answer before it has set for its connection',
  async (t) => {
    const { text, tunnels } = await send(
      t,
      `GET /first HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTTP/1.1\r\n${WEB_SOCKET}\r\n`,
    )
    t.match(text, /^HTTP\/1\.1 200 [\s\S]*"\/first"[\s\S]*tunnelled$/)
    t.equal(tunnels[0]?.idleMs, 0)
  },
)
