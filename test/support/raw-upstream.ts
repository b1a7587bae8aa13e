import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Teardown } from './demo-servers.ts'

export interface RawUpstream {
  readonly url: string
  /** Connections so far. */
  readonly connections: number
}

/** An upstream that writes exactly the octets it is told, once the head of a request has come, and closes if told so. */
export async function startRawUpstream(
  t: Teardown,
  answer: (head: string) => { readonly bytes: Buffer | string; readonly closes?: boolean },
): Promise<RawUpstream> {
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const { bytes, closes } = answer(head.slice(0, end))
      head = ''
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
      if (closes !== false) socket.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
  }
}
