import { once } from 'node:events'
import type { Server } from 'node:http'

/** A port of the loopback; 0 takes a free one. Resolves with it. */
export async function listen(server: Server, port = 0): Promise<number> {
  // A thousand callers may come at once.
  server.listen({ port, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address')
  return address.port
}

/** Stops listening and cuts every connection. */
export async function cut(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
