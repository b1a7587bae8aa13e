import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Answer } from './answer.ts'
import { parseAnswer } from './answer.ts'

/** A bare connection to a target, over TLS where its URL says so. Every wait has a deadline. */
export interface Wire {
  readonly socket: Socket
  /** All that has come so far, latin1. */
  readonly received: string
  write(bytes: string | Buffer): void
  /** Waits until `isMet`; rejects if the peer closes first. */
  until(isMet: (received: string) => boolean): Promise<string>
  /** All that came until the peer closed. */
  ended(): Promise<string>
  /** The first answer, as soon as it is whole by its own framing. */
  answer(method?: string): Promise<Answer>
}

export interface Call {
  readonly method?: string
  readonly target?: string
  /** Further header lines, written as they are. */
  readonly lines?: readonly string[]
  /** The bearer. */
  readonly token?: string | undefined
  readonly body?: string | Buffer
}

const DEADLINE_MS = 4_000

export async function openWire(url: string): Promise<Wire> {
  const { protocol, hostname, port } = new URL(url)
  const isTls = protocol === 'https:'
  const address = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isTls ? 443 : 80)),
  }
  const socket = isTls ? connectTls({ ...address, servername: hostname }) : connect(address)
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await once(socket, isTls ? 'secureConnect' : 'connect', { signal })
  let received = ''
  let hasEnded = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    received += String(chunk)
  })
  socket.on('end', () => {
    hasEnded = true
  })
  socket.on('close', () => {
    hasEnded = true
    clearTimeout(cut)
  })
  socket.on('error', () => {})
  // Nothing of a failed check may keep the process alive.
  const cut = setTimeout(() => socket.destroy(), 10 * DEADLINE_MS)
  cut.unref()

  async function wait(isMet: () => boolean, what: string): Promise<void> {
    const endsAtMs = performance.now() + DEADLINE_MS
    while (!isMet()) {
      if (hasEnded)
        throw new Error(`the connection was closed before ${what}: ${excerpt(received)}`)
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) {
        socket.destroy()
        throw new Error(`no ${what} within ${DEADLINE_MS} ms, saw: ${excerpt(received)}`)
      }
      await news(socket, leftMs)
    }
  }

  return {
    socket,
    get received() {
      return received
    },
    write: (bytes) =>
      void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    async until(isMet) {
      await wait(() => isMet(received), 'what was waited for')
      return received
    },
    async ended() {
      await wait(() => hasEnded, 'end of the connection')
      return received
    },
    async answer(method = 'GET') {
      let answer: Answer | undefined
      await wait(() => {
        answer = parseAnswer(received, { method, hasEnded })
        return answer !== undefined
      }, 'whole answer')
      if (answer === undefined) throw new Error('no answer')
      return answer
    },
  }
}

/** Waits until something happens on the socket, at most this long. */
async function news(socket: Socket, forMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, forMs)
    function done(): void {
      clearTimeout(timer)
      for (const event of NEWS) socket.off(event, done)
      resolve()
    }
    for (const event of NEWS) socket.on(event, done)
  })
}

const NEWS = ['data', 'end', 'close'] as const

/** One request on a connection of its own, as it stands, and all that came until the peer closed. */
export async function exchange(url: string, bytes: string): Promise<string> {
  const wire = await openWire(url)
  wire.write(bytes)
  try {
    return await wire.ended()
  } finally {
    wire.socket.destroy()
  }
}

/** One ordinary request on a connection of its own. */
export async function send(url: string, call: Call = {}): Promise<Answer> {
  const wire = await openWire(url)
  wire.write(headOf(url, call))
  if (call.body !== undefined) wire.write(Buffer.from(call.body))
  try {
    return await wire.answer(call.method)
  } finally {
    wire.socket.destroy()
  }
}

/** The head of a request, with the length of its body unless a line says how that is framed. */
export function headOf(url: string, call: Call): string {
  const { method = 'GET', target = '/', lines = [], token, body } = call
  const isFramed = lines.some((line) => /^(transfer-encoding|content-length):/i.test(line))
  const all = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    ...(lines.some((line) => /^connection:/i.test(line)) ? [] : ['Connection: close']),
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined || isFramed ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...lines,
  ]
  return `${all.join('\r\n')}\r\n\r\n`
}

export function excerpt(text: string): string {
  return text === '' ? 'nothing' : JSON.stringify(text.slice(0, 160))
}
