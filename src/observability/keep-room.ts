import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * So many connections at once, and always room for one more: the oldest gives way, of those without a request under way
 * if there is one. Node's own bound refuses the newest, which may be the probe that decides whether this process lives on.
 */
export function keepRoom(server: Server, maxConnections: number): void {
  // A set keeps the order of arrival.
  const open = new Set<Socket>()
  const busy = new WeakSet<Socket>()

  function makeRoom(): void {
    const sockets = [...open]
    const leaving = sockets.find((socket) => !busy.has(socket)) ?? sockets[0]
    if (leaving === undefined) return
    open.delete(leaving)
    leaving.destroy()
  }

  server.on('connection', (socket) => {
    if (open.size >= maxConnections) makeRoom()
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    busy.add(socket)
    response.once('close', () => busy.delete(socket))
  })
}
