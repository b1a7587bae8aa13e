import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import t from 'tap'
import { answerClientError } from '../../../src/relay/client-error.ts'
import { createStage, portOf } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

/** The server's end of a connection, and what its caller receives until it closes. */
async function createConnection(t: Scope): Promise<{ socket: Socket; received: Promise<string> }> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const caller = connect(portOf(server.address()), '127.0.0.1')
  t.teardown(() => caller.destroy())
  let text = ''
  caller.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const received = once(caller, 'close').then(() => text)
  return { socket: await accepted, received }
}

function errorWith(code: string | undefined): Error & { code?: string } {
  return code === undefined ? new Error('parse error') : Object.assign(new Error(), { code })
}

const ANSWERS: readonly (readonly [code: string | undefined, start: string])[] = [
  ['HPE_HEADER_OVERFLOW', 'HTTP/1.1 431 '],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'HTTP/1.1 408 '],
  ['HPE_INVALID_TOKEN', 'HTTP/1.1 400 '],
  [undefined, 'HTTP/1.1 400 '],
]
for (const [code, start] of ANSWERS) {
  t.test(`what the parser refuses with ${code} is answered, and the socket closed`, async (t) => {
    const { socket, received } = await createConnection(t)
    answerClientError(errorWith(code), socket)
    const text = await received
    t.ok(text.startsWith(start), text)
    t.match(text, /connection: close/)
  })
}

t.test(
  'what follows a refusal is no second mistake: the first answer goes out whole',
  async (t) => {
    const { socket, received } = await createConnection(t)
    answerClientError(errorWith('HPE_HEADER_OVERFLOW'), socket)
    answerClientError(errorWith('HPE_INVALID_TOKEN'), socket)
    t.equal(socket.destroyed, false)
    const text = await received
    t.ok(text.startsWith('HTTP/1.1 431 '), text)
    t.equal(text.split('HTTP/1.1 ').length, 2)
  },
)

t.test('a connection that is reset or cannot be written gets no answer', async (t) => {
  const reset = await createConnection(t)
  answerClientError(errorWith('ECONNRESET'), reset.socket)
  t.equal(await reset.received, '')
  t.equal(reset.socket.destroyed, true)
  const ended = await createConnection(t)
  ended.socket.end()
  answerClientError(errorWith('HPE_INVALID_TOKEN'), ended.socket)
  t.equal(await ended.received, '')
})

t.test('no answer lands in the middle of another one', async (t) => {
  const { res, received } = await createStage(t)
  res.write('first')
  if (res.socket !== null) answerClientError(errorWith('HPE_INVALID_TOKEN'), res.socket)
  t.notOk((await received).includes('HTTP/1.1 400'))
})
