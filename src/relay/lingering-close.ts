import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a caller may go on uploading after an answer that ends its connection. */
const LINGER_MS = 5_000

/**
 * Node closes a connection behind its last answer at once. Is the upload not over, that resets it, and the caller may lose
 * the answer. So only our side is closed, and what still comes is read until the caller closes too, 5 s at most (RFC 9112 §9.6).
 */
export function lingerOnClose(req: IncomingMessage, lingerMs = LINGER_MS): void {
  const { socket } = req
  socket.destroySoon = () => {
    if (req.complete) Socket.prototype.destroySoon.call(socket)
    else closeHalf(socket, lingerMs)
  }
}

/** Closes our side; what the caller still sends is dropped, or the connection would never end. */
export function closeHalf(socket: Duplex, lingerMs = LINGER_MS): void {
  socket.end()
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}
