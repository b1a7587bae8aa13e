import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A caller's connection that is kept: Node's own agent would not let us say which one is used. */
export interface KeptConnection {
  /** One request; resolves with its answer, `undefined` where the connection ends before. */
  ask(target: string, token: string): Promise<KeptAnswer | undefined>
  readonly isOpen: boolean
  close(): void
}

export interface KeptAnswer {
  readonly status: number
  readonly body: string
}

const DEADLINE_MS = 30_000

export async function keepConnection(url: string): Promise<KeptConnection> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) })
  socket.on('error', () => undefined)
  socket.setEncoding('latin1')
  return {
    async ask(target, token) {
      if (socket.destroyed) return undefined
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      )
      return readAnswer(socket)
    },
    get isOpen() {
      return !socket.destroyed && socket.readable
    },
    close: () => void socket.destroy(),
  }
}

async function readAnswer(socket: Socket): Promise<KeptAnswer | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const timer = setTimeout(() => done(undefined), DEADLINE_MS)
    const onData = (chunk: string) => {
      text += chunk
      const answer = parseAnswer(text)
      if (answer !== undefined) done(answer)
    }
    const onClose = () => done(undefined)
    function done(answer: KeptAnswer | undefined): void {
      clearTimeout(timer)
      socket.off('data', onData)
      socket.off('close', onClose)
      resolve(answer)
    }
    socket.on('data', onData)
    socket.on('close', onClose)
  })
}

/** `undefined`: not whole yet. */
function parseAnswer(text: string): KeptAnswer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1])
  const body = text.slice(headEnd + 4)
  if (body.length < length) return undefined
  return { status: Number(text.slice(9, 12)), body }
}
