import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CallDispatchOptions, CallOptions } from '../call.ts'
import { Call } from '../call.ts'
import type { SubjectToken } from '../subject-token.ts'
import { watchHandshake } from './handshake-watch.ts'
import { closeHalf } from './lingering-close.ts'
import type { RequestHead } from './request-head.ts'
import { ResponseRelay } from './response-relay.ts'
import { createTokenMemory } from './token-memory.ts'
import { TunnelRelay } from './tunnel.ts'
import type { UploadsOptions } from './uploads.ts'
import { createUploads } from './uploads.ts'
import { upstreamLines } from './upstream-lines.ts'

export interface RelayOptions extends UploadsOptions {
  /** Composed with the step-up interceptor; not closed here. */
  readonly dispatcher: Dispatcher
  /** The protected resource; a path in it is put before every target. */
  readonly upstream: URL
  /** Our name in `Via`. */
  readonly pseudonym: string
  readonly readSubjectToken: (authorization: string) => SubjectToken | undefined
  readonly isTrustedPeer: (address: string) => boolean
  readonly hasOutcomeHeader: boolean
  readonly onSettled: CallOptions['onSettled']
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  /** Milliseconds since the epoch. */
  readonly epochNow: () => number
}

/** An admitted request. */
export interface Admitted {
  readonly req: IncomingMessage
  /** As the caller sent it: forwarded byte for byte. */
  readonly target: string
  readonly head: RequestHead
  /** Canonical: for policy and logs. */
  readonly path: string
}

export interface Relay {
  relay(admitted: Admitted, res: ServerResponse): void
  /** `socket` is the caller's after a WebSocket handshake, with any bytes behind it unshifted. */
  tunnel(admitted: Admitted, socket: Duplex): void
  /** From now on answers tell callers not to use their connections again. */
  drain(): void
  readonly openTunnels: number
}

export function createRelay(options: RelayOptions): Relay {
  const { dispatcher, upstream, pseudonym, hasOutcomeHeader, now } = options
  const { origin } = upstream
  const basePath = upstream.pathname.replace(/\/+$/, '')
  const via = `1.1 ${pseudonym}`
  const requestIds = createRequestIds()
  const readToken = createTokenMemory(options.readSubjectToken)
  const takeUpload = createUploads(options)
  let openTunnels = 0
  let isDraining = false

  function createCall({ req, head, path }: Admitted): Call {
    return new Call({
      requestId: requestIds(),
      method: req.method ?? 'GET',
      path,
      subject:
        head.authorization === undefined ? undefined : readToken(head.authorization, req.socket),
      startedAt: now(),
      onSettled: options.onSettled,
    })
  }

  function dispatchOptions(
    { req, head, target }: Admitted,
    call: Call,
    body: Buffer | Readable | null,
  ): CallDispatchOptions {
    const address = req.socket.remoteAddress ?? ''
    const peer = { address, isTrusted: options.isTrustedPeer(address) }
    return {
      origin,
      path: basePath + target,
      method: call.method,
      headers: upstreamLines(head, peer, pseudonym),
      body,
      call,
    }
  }

  function responseOptions(call: Call, res: ServerResponse) {
    return { call, res, via, hasOutcomeHeader, isDraining: () => isDraining }
  }

  function relay(admitted: Admitted, res: ServerResponse): void {
    const { req, head } = admitted
    // What came behind this request may have ended the connection before its turn.
    if (req.socket.destroyed) return
    const call = createCall(admitted)
    const handler = new ResponseRelay(responseOptions(call, res))
    takeUpload({
      req,
      head,
      res,
      send: (body) => dispatcher.dispatch(dispatchOptions(admitted, call, body), handler),
      onGivenUp: () => handler.abandon('upload-silent'),
    })
  }

  function tunnel(admitted: Admitted, socket: Duplex): void {
    const { req } = admitted
    const call = createCall(admitted)
    const res = new ServerResponse(req)
    res.assignSocket(req.socket)
    res.shouldKeepAlive = false
    const watch = watchHandshake(socket, () => handler.abandon('caller-left'))
    res.once('finish', () => {
      res.detachSocket(req.socket)
      watch.refuse()
      closeHalf(socket)
    })
    const handler = new TunnelRelay({
      ...responseOptions(call, res),
      socket,
      watch,
      now: options.epochNow,
      onOpened() {
        openTunnels += 1
      },
      onClosed() {
        openTunnels -= 1
      },
    })
    dispatcher.dispatch({ ...dispatchOptions(admitted, call, null), upgrade: 'websocket' }, handler)
  }

  return {
    relay,
    tunnel,
    drain() {
      isDraining = true
    },
    get openTunnels() {
      return openTunnels
    },
  }
}

/** Unique among all instances, cheap, and sortable within one: a random word and a counter. */
function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('base64url')
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count.toString(36)}`
  }
}
