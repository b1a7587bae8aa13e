import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of the loopback that was free a moment ago: not every proxy can say which one it took. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}
