import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { readRawHeaders } from '../raw-headers.ts'
import { readResponseHead } from './response-lines.ts'
import type { ResponseRelayOptions } from './response-relay.ts'
import { ResponseRelay } from './response-relay.ts'

export interface TunnelOptions extends ResponseRelayOptions {
  /** The caller's connection, after its handshake. */
  readonly socket: Duplex
  /** Both ends of a tunnel that has opened; whoever keeps them may destroy them. */
  readonly onOpened: (caller: Duplex, upstream: Duplex) => void
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
    const { call, res, socket, via, hasOutcomeHeader, onOpened } = this.#tunnel
    const rawHeaders = readRawHeaders(controller.rawHeaders)
    const head = readResponseHead(rawHeaders, {
      via,
      outcome: hasOutcomeHeader ? call.outcome : undefined,
      isIssued: false,
    })
    res.detachSocket(socketOf(res))
    socket.write(switchingProtocols(status, head?.lines ?? []), 'latin1')
    call.publish()
    onOpened(socket, upstream)
    join(socket, upstream, call.issued?.expiresAt)
  }
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

/** The longest that a timer can be set to; a token that lives longer is looked at again then. */
const MAX_TIMER_MS = 2_147_483_647

/** Bytes both ways until either side ends, or until the issued token does: such servers read a token at the handshake only. */
function join(caller: Duplex, upstream: Duplex, expiresAtS: number | undefined): void {
  let timer: NodeJS.Timeout | undefined
  function closeAtExpiry(expiresAtMs: number): void {
    const leftMs = expiresAtMs - Date.now()
    if (leftMs <= 0) {
      close()
      return
    }
    timer = setTimeout(() => closeAtExpiry(expiresAtMs), Math.min(leftMs, MAX_TIMER_MS))
    timer.unref()
  }
  function close(): void {
    clearTimeout(timer)
    caller.destroy()
    upstream.destroy()
  }
  for (const side of [caller, upstream]) side.on('error', close).on('close', close)
  caller.pipe(upstream)
  upstream.pipe(caller)
  if (expiresAtS !== undefined) closeAtExpiry(expiresAtS * 1000)
}
