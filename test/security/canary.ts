import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Teardown } from '../support/demo-servers.ts'

/** A host that nobody may call. */
export interface Canary {
  readonly url: string
  /** Connections so far. */
  readonly hits: number
}

export async function startCanary(t: Teardown): Promise<Canary> {
  let hits = 0
  const server = createServer((socket) => {
    hits += 1
    socket.on('error', () => {})
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    get hits() {
      return hits
    },
  }
}
