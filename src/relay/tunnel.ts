import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { readRawHeaders } from '../raw-headers.ts'
import type { HandshakeWatch } from './handshake-watch.ts'
import { readResponseHead } from './response-lines.ts'
import type { ResponseRelayOptions } from './response-relay.ts'
import { BadAnswerError, ResponseRelay } from './response-relay.ts'

export interface TunnelOptions extends ResponseRelayOptions {
  /** The caller's connection, after its handshake. */
  readonly socket: Duplex
  /** Reads the caller's connection until then. */
  readonly watch: HandshakeWatch
  /** Milliseconds since the epoch: the clock of a token's `exp`. */
  readonly now: () => number
  readonly onOpened: () => void
  readonly onClosed: () => void
}

/** Answers a WebSocket handshake: 101 joins the two connections, a refusal is an ordinary answer. */
export class TunnelRelay extends ResponseRelay {
  readonly #tunnel: TunnelOptions

  constructor(options: TunnelOptions) {
    super(options)
    this.#tunnel = options
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    const { call, res, socket, watch, via, hasOutcomeHeader, onOpened, onClosed, now } =
      this.#tunnel
    const rawHeaders = readRawHeaders(controller.rawHeaders)
    const head = readResponseHead(rawHeaders, {
      via,
      outcome: hasOutcomeHeader ? call.outcome : undefined,
      isIssued: false,
    })
    if (head === undefined || !isWebSocket(rawHeaders)) throw new BadAnswerError()
    watch.open()
    res.detachSocket(socketOf(res))
    socket.write(switchingProtocols(status, head.lines), 'latin1')
    call.publish()
    onOpened()
    socket.once('close', onClosed)
    join(socket, upstream)
    if (call.issued !== undefined) closeAt(call.issued.expiresAt * 1000, now, socket, upstream)
  }
}

/** Nothing else was asked for (RFC 9110 §7.8), and the caller must not be told otherwise. */
function isWebSocket(rawHeaders: readonly string[]): boolean {
  const values = rawHeaders.filter(
    (_value, index) => rawHeaders[index - 1]?.toLowerCase() === 'upgrade' && index % 2 === 1,
  )
  return values.length === 1 && values[0]?.trim().toLowerCase() === 'websocket'
}

function socketOf(res: ResponseRelayOptions['res']) {
  if (res.socket === null) throw new Error('the caller left during the handshake')
  return res.socket
}

function switchingProtocols(status: number, lines: readonly string[]): string {
  let head = `HTTP/1.1 ${status} Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n`
  for (let i = 0; i < lines.length; i += 2) head += `${lines[i]}: ${lines[i + 1]}\r\n`
  return `${head}\r\n`
}

/** Bytes both ways; what one side has sent before it closed still reaches the other. */
function join(caller: Duplex, upstream: Duplex): void {
  follow(caller, upstream)
  follow(upstream, caller)
  caller.pipe(upstream)
  upstream.pipe(caller)
}

function follow(side: Duplex, other: Duplex): void {
  side.on('error', () => other.destroy())
  side.on('close', () => {
    if (side.readableEnded) other.end(() => other.destroy())
    else other.destroy()
  })
}

/** The longest that a timer can be set to; a token that lives longer is looked at again then. */
const MAX_TIMER_MS = 2_147_483_647

/** Such servers read a token at the handshake only: the tunnel must not outlive it. */
function closeAt(expiresAtMs: number, now: () => number, caller: Duplex, upstream: Duplex): void {
  let timer: NodeJS.Timeout | undefined
  function look(): void {
    const leftMs = expiresAtMs - now()
    if (leftMs > 0) {
      timer = setTimeout(look, Math.min(leftMs, MAX_TIMER_MS))
      timer.unref()
    } else {
      caller.destroy()
      upstream.destroy()
    }
  }
  caller.once('close', () => clearTimeout(timer))
  look()
}
