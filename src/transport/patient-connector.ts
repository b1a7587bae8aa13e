import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import { readErrorCode } from '../error-code.ts'
import { holdEndWhilePaused } from './paused-end.ts'

/** How long an answer may take to be read after a write has failed. */
const PATIENCE_MS = 1_000

/**
 * Connects like undici, and keeps an early answer: a server that refuses an upload before reading it and closes resets the
 * connection, so our next write fails while the refusal may still stand unread in the socket. Such a failure is reported
 * only when the other side has ended, or after a second; Node would at once throw away what has not been read.
 */
export function createPatientConnector(
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(options)
  return (target, callback) =>
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null)
      waitWithWriteErrors(socket)
      holdEndWhilePaused(socket)
      callback(null, socket)
    })
}

type WriteDone = (error?: Error | null) => void

function waitWithWriteErrors(socket: Socket): void {
  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, done) =>
    write.call(socket, chunk, encoding, patient(socket, done))
  if (writev !== undefined && writev !== null) {
    socket._writev = (chunks, done) => writev.call(socket, chunks, patient(socket, done))
  }
}

function patient(socket: Socket, done: WriteDone): WriteDone {
  return (error) => {
    if (!isReset(error) || socket.destroyed) return done(error)
    const timer = setTimeout(report, PATIENCE_MS)
    socket.once('close', report)
    function report(): void {
      clearTimeout(timer)
      socket.off('close', report)
      done(error)
    }
  }
}

function isReset(error: Error | null | undefined): boolean {
  const code = readErrorCode(error)
  return code === 'EPIPE' || code === 'ECONNRESET'
}
