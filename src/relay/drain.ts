import { once } from 'node:events'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'

/** How long an idle connection is left to its owner, who may be about to send: its next answer will close it. */
const IDLE_GRACE_MS = 1_000

/**
 * Takes no new connections and resolves when those that are open have ended. Node's own `close` cuts idle connections at
 * once, and with them the request that a busy client is just sending.
 */
export async function drainConnections(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  NetServer.prototype.close.call(server)
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_GRACE_MS)
  await closed
  clearInterval(sweep)
}
