import { TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import { readErrorCode } from '../error-code.ts'

/** Whether a peer can be connected to, TLS included; it is asked for nothing. Otherwise the reason, in a word. */
export function probeConnection(
  url: URL,
  connect: buildConnector.connector,
): Promise<string | undefined> {
  const { protocol, hostname, host, port } = url
  return new Promise((resolve) => {
    connect({ protocol, hostname, host, port }, (error, socket) => {
      if (error !== null) return resolve(readErrorCode(error))
      const isTls13 = socket instanceof TLSSocket && socket.getProtocol() === 'TLSv1.3'
      void (isTls13 ? awaitVerdict(socket) : Promise.resolve(undefined)).then((reason) => {
        socket.destroy()
        resolve(reason)
      })
    })
  })
}

/** A peer that takes our certificate may have nothing to say: it is waited for no longer than this. */
const VERDICT_MS = 500

/** In TLS 1.3 our side is done before the peer has looked at our certificate: its tickets or its alert come afterwards (RFC 8446 §4.4). */
function awaitVerdict(socket: TLSSocket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), VERDICT_MS)
    timer.unref()
    const settle = (reason: string | undefined) => {
      clearTimeout(timer)
      resolve(reason)
    }
    socket.once('session', () => settle(undefined))
    socket.once('error', (error) => settle(readErrorCode(error)))
    socket.once('close', () => settle('closed'))
    // Nothing is heard of an alert before somebody reads.
    socket.resume()
  })
}
