import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that may wait on one connection for the answers before them. */
const MAX_WAITING = 64

const waitingBySocket = new WeakMap<Socket, number>()

/**
 * Proceeds when the answers to what was pipelined before have gone out (RFC 9112 §9.3.2). Before its turn a response has
 * no connection and hears nothing of its caller's leaving; and nobody may make us work ahead without reading.
 * A connection with more than 64 requests in wait is cut.
 */
export function whenTurnComes(res: ServerResponse, proceed: () => void): void {
  if (res.socket !== null) {
    proceed()
    return
  }
  const { socket } = res.req
  const waiting = (waitingBySocket.get(socket) ?? 0) + 1
  if (waiting > MAX_WAITING) {
    socket.destroy()
    return
  }
  waitingBySocket.set(socket, waiting)
  res.once('socket', () => {
    waitingBySocket.set(socket, (waitingBySocket.get(socket) ?? 1) - 1)
    proceed()
  })
}
