import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CallDispatchOptions, CallOptions } from '../call.ts'
import { Call } from '../call.ts'
import type { SubjectToken } from '../subject-token.ts'
import { watchHandshake } from './handshake-watch.ts'
import { closeHalf, lingerOnClose } from './lingering-close.ts'
import { REFUSALS, sendRefusal } from './refusal.ts'
import { gatherBody, MAX_GATHERED_BYTES, streamBody } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
import { ResponseRelay } from './response-relay.ts'
import { createTokenMemory } from './token-memory.ts'
import { TunnelRelay } from './tunnel.ts'
import { upstreamLines } from './upstream-lines.ts'

export interface RelayOptions {
  /** Composed with the step-up interceptor; not closed here. */
  readonly dispatcher: Dispatcher
  /** The protected resource; a path in it is put before every target. */
  readonly upstream: URL
  /** Our name in `Via`. */
  readonly pseudonym: string
  readonly readSubjectToken: (authorization: string) => SubjectToken | undefined
  readonly isTrustedPeer: (address: string) => boolean
  readonly hasOutcomeHeader: boolean
  /** For the bodies that are gathered, all together; beyond it they are streamed. */
  readonly gatherTotalBytes: number
  /** For all of a body that is gathered before it is sent; the answer is 408 then. */
  readonly gatherDeadlineMs: number
  /** For how long a streamed upload may be silent before its answer has begun; the answer is 408 then. */
  readonly uploadSilenceMs: number
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
  let openTunnels = 0
  let gatheredBytes = 0
  let isDraining = false

  function mayGather(bytes: number): boolean {
    return bytes <= MAX_GATHERED_BYTES && gatheredBytes + bytes <= options.gatherTotalBytes
  }

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
    const length = head.contentLength === undefined ? 0 : Number(head.contentLength)
    const isChunked = head.transferEncoding !== undefined
    // HTTP/1.0 knows no 100 (RFC 9110 §10.1.1).
    const expectsContinue = head.expect !== undefined && req.httpVersionMinor > 0
    if (length === 0 && !isChunked) {
      dispatcher.dispatch(dispatchOptions(admitted, call, null), handler)
    } else if (!isChunked && !expectsContinue && mayGather(length)) {
      gatheredBytes += length
      res.once('close', () => {
        gatheredBytes -= length
      })
      gatherBody(req, {
        deadlineMs: options.gatherDeadlineMs,
        onGathered(body) {
          if (!req.socket.destroyed)
            dispatcher.dispatch(dispatchOptions(admitted, call, body), handler)
        },
        onLate: () => sendRefusal(res, REFUSALS.requestTimeout, { closes: true }),
      })
    } else {
      const body = streamBody(req, {
        onFirstRead() {
          if (expectsContinue && !res.headersSent) res.writeContinue()
        },
        silenceMs: options.uploadSilenceMs,
        onSilent() {
          // Where the answer has begun, the upload is the upstream's affair.
          if (res.headersSent) return
          sendRefusal(res, REFUSALS.requestTimeout, { closes: true })
          handler.callerLeft()
        },
      })
      res.once('close', () => drainRequest(req, body))
      lingerOnClose(req)
      dispatcher.dispatch(dispatchOptions(admitted, call, body), handler)
    }
  }

  function tunnel(admitted: Admitted, socket: Duplex): void {
    const { req } = admitted
    const call = createCall(admitted)
    const res = new ServerResponse(req)
    res.assignSocket(req.socket)
    res.shouldKeepAlive = false
    const watch = watchHandshake(socket, () => handler.callerLeft())
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

/** An answer came before the end of the upload: the rest is read and dropped, so that the caller gets to read the answer. */
function drainRequest(req: IncomingMessage, body: Readable): void {
  body.destroy()
  if (!req.complete) req.resume()
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
