import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Teardown } from '../support/demo-servers.ts'
import type { StrictReader, StrictRequest } from './strict-request-reader.ts'
import { createStrictReader } from './strict-request-reader.ts'

export interface StrictAnswers {
  /** Called with the head, before the body has come. */
  readonly onHead?: (request: StrictRequest, socket: Socket) => void
  /** Called when the request is whole. */
  readonly onEnd?: (request: StrictRequest, socket: Socket) => void
}

export interface StrictUpstream {
  readonly url: string
  /** Every request whose head has come, in order. */
  readonly requests: readonly StrictRequest[]
  /** Everything that an honest and strict client would not have sent. */
  violations(): readonly string[]
  /** Connections that are open now. */
  readonly open: number
  close(): Promise<void>
}

/** An origin server that records what arrives, octet by octet, and answers with the octets that a test writes. */
export async function startStrictUpstream(
  t: Teardown,
  answers: StrictAnswers,
): Promise<StrictUpstream> {
  const requests: StrictRequest[] = []
  const violations: string[] = []
  const sockets = new Set<Socket>()
  const readers: StrictReader[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const reader = createStrictReader({
      connection: readers.length + 1,
      onHead(request) {
        requests.push(request)
        answers.onHead?.(request, socket)
      },
      onEnd: (request) => answers.onEnd?.(request, socket),
      onViolation: (what) => void violations.push(what),
    })
    readers.push(reader)
    socket.on('data', (chunk) => reader.add(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  async function close(): Promise<void> {
    if (!server.listening) return
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
  t.teardown(close)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    violations() {
      const leftovers = readers.map(({ leftover }) => leftover).filter((text) => text !== '')
      return [...violations, ...leftovers.map((text) => `left over: ${text.slice(0, 120)}`)]
    },
    get open() {
      return sockets.size
    },
    close,
  }
}

/** A whole answer as octets. */
export function answerOf(status: string, body: string, lines: readonly string[] = []): Buffer {
  const head = [`HTTP/1.1 ${status}`, ...lines, `Content-Length: ${body.length}`]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}
