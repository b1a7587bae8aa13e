import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { Agent } from 'undici'
import { createRelayServer } from '../../../src/relay/server.ts'
import { portOf } from './stage.ts'

t.test('a connection beyond the bound is closed, and those before it go on', async (t) => {
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
    maxConnections: 2,
    dispatcher,
  })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const port = portOf(app.server.address())

  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const third = connect(port, '127.0.0.1')
  third.on('error', () => {})
  third.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  let text = ''
  third.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await new Promise((resolve) => third.once('close', resolve))
  t.equal(text, '', 'nothing is answered on a third one')

  for (const socket of sockets) {
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    const [chunk]: unknown[] = await once(socket, 'data')
    t.match(String(chunk), /^HTTP\/1\.1 200 /)
  }
})
