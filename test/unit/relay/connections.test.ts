import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import { Agent } from 'undici'
import type { RelayServerOptions } from '../../../src/relay/server.ts'
import { createRelayServer } from '../../../src/relay/server.ts'
import { portOf } from './stage.ts'

interface Test {
  teardown(run: () => unknown): void
}

/** A server that answers every request; the function connects to it. */
async function start(t: Test, options: Partial<RelayServerOptions>): Promise<() => Socket> {
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  const app = await createRelayServer({
    relay: {
      relay: (_admitted, res) => void res.end('served'),
      tunnel: () => {},
      drain: () => {},
      openTunnels: 0,
    },
    pseudonym: 'us',
    upstream: new URL('http://upstream.test'),
    maxConnections: 10,
    headDeadlineMs: 20_000,
    dispatcher,
    ...options,
  })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const port = portOf(app.server.address())
  return () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
}

/** What a connection says until it ends. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

t.test('a connection beyond the bound is closed, and those before it go on', async (t) => {
  const open = await start(t, { maxConnections: 2 })
  const sockets = [open(), open()]
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const third = open()
  third.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  t.equal(await readAll(third), '', 'nothing is answered on a third one')

  for (const socket of sockets) {
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    const [chunk]: unknown[] = await once(socket, 'data')
    t.match(String(chunk), /^HTTP\/1\.1 200 /)
  }
})

t.test('a head that is not whole in time is 408, and its connection ends', async (t) => {
  const open = await start(t, { headDeadlineMs: 100 })
  const socket = open()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\nX-Half: ')
  t.match(await readAll(socket), /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
})
