import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { lingerOnClose } from '../../../src/relay/lingering-close.ts'

const BODY_BYTES = 20_000_000

/** Answers at the first byte of a body, reads on, and closes behind the answer. */
async function connectTo(
  t: Test,
  linger: (req: IncomingMessage) => void,
  bodyBytes = BODY_BYTES,
): Promise<Socket> {
  const server = createServer((req, res) => {
    linger(req)
    req.once('data', () => {
      res.writeHead(403, { connection: 'close', 'content-length': '6' })
      res.end('denied')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
  return socket
}

/** Goes on sending: a socket whose other end is gone fails then. */
async function untilCut(socket: Socket): Promise<void> {
  const timer = setInterval(() => socket.write('x'), 20)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  clearInterval(timer)
}

t.test(
  'the rest of an upload is taken in behind the last answer, and the answer arrives',
  async (t) => {
    const socket = await connectTo(t, (req) => lingerOnClose(req))
    let answer = ''
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    const ended = once(socket, 'end')
    socket.end(Buffer.alloc(BODY_BYTES))
    await once(socket, 'finish')
    await ended
    t.match(answer, /^HTTP\/1\.1 403 .*denied$/s)
  },
)

t.test('a caller that neither sends nor closes is cut', async (t) => {
  const socket = await connectTo(t, (req) => lingerOnClose(req, 20))
  socket.on('error', () => undefined)
  socket.write('x')
  socket.allowHalfOpen = true
  socket.resume()
  await untilCut(socket)
  t.pass('the connection is closed')
})

t.test('behind a whole request the connection is closed as ever', async (t) => {
  const socket = await connectTo(t, (req) => lingerOnClose(req, 60_000), 1)
  socket.allowHalfOpen = true
  socket.resume()
  socket.on('error', () => undefined)
  socket.write('x')
  await untilCut(socket)
  t.pass('the connection is closed')
})
