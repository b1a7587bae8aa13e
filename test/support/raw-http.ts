import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A bare connection: what is written and read is what stands on the wire. */
export interface RawConnection {
  readonly socket: Socket
  write(text: string): void
  /** Waits until what has come so far contains `text`; rejects if the peer closes first. */
  until(text: string): Promise<string>
  /** All that came until the peer closed. */
  ended(): Promise<string>
}

const DEADLINE_MS = 20_000

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  let received = ''
  let hasEnded = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    received += String(chunk)
  })
  socket.on('error', () => {
    hasEnded = true
  })
  socket.on('close', () => {
    hasEnded = true
  })

  async function wait(isMet: () => boolean): Promise<string> {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    while (!isMet()) {
      if (hasEnded) throw new Error(`the peer closed after: ${received}`)
      await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })])
    }
    return received
  }

  return {
    socket,
    write: (text) => void socket.write(text, 'latin1'),
    until: (text) => wait(() => received.includes(text)),
    async ended() {
      if (!hasEnded) await once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) })
      return received
    },
  }
}

/** One request on a connection of its own, and everything that came back until the peer closed. */
export async function exchangeRaw(url: string, request: string): Promise<string> {
  const connection = await connectRaw(url)
  connection.write(request)
  return connection.ended()
}
