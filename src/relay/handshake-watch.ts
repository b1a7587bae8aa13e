import type { Duplex } from 'node:stream'

/** Reads a caller's connection while its handshake waits for an answer: else nobody would notice that it has gone. */
export interface HandshakeWatch {
  /** The tunnel opens: stops reading, and gives back what came ahead of time. */
  open(): void
  /** The handshake is refused: what came and still comes is dropped. */
  refuse(): void
}

/** A caller that has not been let in yet has little to say. In bytes. */
const MAX_EARLY_BYTES = 65_536

/** `onLeft` is called once, if the caller ends or says too much before it is answered. */
export function watchHandshake(socket: Duplex, onLeft: () => void): HandshakeWatch {
  const early: Buffer[] = []
  let bytes = 0

  function onData(chunk: Buffer): void {
    early.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_EARLY_BYTES) leave()
  }
  function leave(): void {
    stop()
    socket.destroy()
    onLeft()
  }
  function stop(): void {
    socket.off('data', onData)
    socket.off('end', leave)
    socket.off('close', leave)
  }

  socket.on('data', onData)
  socket.on('end', leave)
  socket.on('close', leave)
  return {
    open() {
      stop()
      socket.pause()
      if (bytes > 0) socket.unshift(Buffer.concat(early))
    },
    refuse() {
      stop()
      socket.resume()
    },
  }
}
