import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'

export interface Stage {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The caller's end. */
  readonly caller: Socket
  /** All that the caller has received, as latin-1, when its connection has ended. */
  readonly received: Promise<string>
  /** What has come up to now, once it holds `text`. */
  until(text: string): Promise<string>
}

interface Scope {
  teardown(end: () => unknown): void
}

export const PLAIN_REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

/** A caller and Node's own server on a real socket: what a response object writes is seen as bytes. */
export async function createStage(t: Scope, request = PLAIN_REQUEST): Promise<Stage> {
  const server = createServer()
  // Node would send 100 itself.
  server.on('checkContinue', (req, res) => server.emit('request', req, res))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const caller = connect(portOf(server.address()), '127.0.0.1')
  t.teardown(() => caller.destroy())
  t.teardown(() => server.close())
  let text = ''
  caller.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    caller.emit('more')
  })
  caller.on('error', () => {})
  const received = once(caller, 'close').then(() => text)
  const arrived = new Promise<{ req: IncomingMessage; res: ServerResponse }>((resolve) => {
    server.once('request', (req, res) => resolve({ req, res }))
  })
  caller.write(request)
  const { req, res } = await arrived
  async function until(wanted: string): Promise<string> {
    while (!text.includes(wanted)) await once(caller, 'more')
    return text
  }
  return { req, res, caller, received, until }
}

export function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}
