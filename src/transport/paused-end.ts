import type { Socket } from 'node:net'

/**
 * undici 7 asserts, and so ends the process, when a connection ends or is reset behind an answer with `Connection: close`
 * while a slow caller has that answer paused and the socket holds no more of it (nodejs/undici#5360, mended in 8, which needs
 * a newer Node). So the end is held until undici reads again, and a reset in between is told under another code.
 */
export function holdEndWhilePaused(socket: Socket): void {
  const { push, destroy } = socket

  function endWhenRead(): void {
    if (socket.destroyed) return
    if (isPaused(socket)) {
      onNextRead(socket, endWhenRead)
      return
    }
    push.call(socket, null)
    // As Node does behind its own: without it nobody would see that nothing is left.
    socket.read(0)
  }

  socket.push = (chunk, encoding) => {
    if (chunk !== null || !isPaused(socket)) return push.call(socket, chunk, encoding)
    onNextRead(socket, endWhenRead)
    return false
  }
  socket.destroy = (error) => {
    const isReset = error !== undefined && 'code' in error && error.code === 'ECONNRESET'
    return destroy.call(
      socket,
      isReset && isPaused(socket) ? new ResetWhilePausedError(error) : error,
    )
  }
}

class ResetWhilePausedError extends Error {
  readonly code = 'ERR_RESET_WHILE_PAUSED'
  override name = 'ResetWhilePausedError'

  constructor(cause: Error) {
    super('the connection was reset in the middle of an answer', { cause })
  }
}

/** Whether undici leaves unread what there is: it reads whenever it is told that it may, unless its parser is paused. */
function isPaused(socket: Socket): boolean {
  // Nobody waits for 'readable' before undici takes the socket over, nor after an upgrade has taken it from undici.
  if (socket.listenerCount('readable') === 0) return false
  const { read } = socket
  let hasRead = false
  socket.read = (size) => {
    hasRead = true
    return read.call(socket, size)
  }
  socket.emit('readable')
  socket.read = read
  return !hasRead
}

function onNextRead(socket: Socket, listener: () => void): void {
  const { read } = socket
  socket.read = (size) => {
    // Node's own `read(0)` takes nothing out.
    if (size !== 0) {
      socket.read = read
      setImmediate(listener)
    }
    return read.call(socket, size)
  }
}
