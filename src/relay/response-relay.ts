import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Abandonment, Call } from '../call.ts'
import { readErrorCode } from '../error-code.ts'
import { readRawHeaders } from '../raw-headers.ts'
import type { InterimResponses } from './interim-response.ts'
import { createInterimResponses } from './interim-response.ts'
import { REFUSALS, sendRefusal } from './refusal.ts'
import { OUTCOME_FIELD, readResponseHead } from './response-lines.ts'

type Controller = Dispatcher.DispatchController

export interface ResponseRelayOptions {
  readonly call: Call
  readonly res: ServerResponse
  /** Our `Via` value on answers. */
  readonly via: string
  readonly hasOutcomeHeader: boolean
  /** While draining, a caller is told not to use its connection again. */
  readonly isDraining: () => boolean
}

/** Writes the upstream's answer to the caller as it comes: no buffering, the caller's pace, aborts in both directions. */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  protected readonly options: ResponseRelayOptions
  readonly #res: ServerResponse
  #controller: Controller | undefined
  #bytesLeft: number | undefined
  /** 204 and 304: nothing follows their head, whatever length it announces (RFC 9112 §6.3). */
  #isHeadAll = false
  #hasUnsentHead = false
  #isPaused = false
  #interim: InterimResponses | undefined

  constructor(options: ResponseRelayOptions) {
    this.options = options
    this.#res = options.res
    this.#res.once('close', () => {
      if (!this.#res.writableFinished) this.abandon('caller-left')
    })
  }

  /** May be called again: a replay starts anew. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.options.call.isAbandoned) controller.abort(new CallerLeftError())
  }

  onResponseStart(
    controller: Controller,
    status: number,
    _headers: unknown,
    statusMessage?: string,
  ): void {
    const { call, via, hasOutcomeHeader, isDraining } = this.options
    const rawHeaders = readRawHeaders(controller.rawHeaders)
    if (status < 200) {
      this.#interim ??= createInterimResponses(this.#res)
      this.#interim.write(status, rawHeaders)
      return
    }
    const head = readResponseHead(rawHeaders, {
      via,
      outcome: hasOutcomeHeader ? call.outcome : undefined,
      isIssued: call.issued !== undefined,
    })
    if (head === undefined) throw new BadAnswerError()
    if (isDraining()) head.lines.push('connection', 'close')
    this.#res.writeHead(status, reasonPhrase(status, statusMessage), head.lines)
    call.publish()
    this.#bytesLeft = head.contentLength
    this.#isHeadAll = status === 204 || status === 304
    this.#sendHeadSoon()
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#hasUnsentHead = false
    if (this.#bytesLeft !== undefined) {
      this.#bytesLeft -= chunk.length
      // The last bytes and the end in one write.
      if (this.#bytesLeft === 0) {
        this.#res.end(chunk)
        return
      }
    }
    if (!this.#res.write(chunk)) this.#pause(controller)
  }

  onResponseEnd(): void {
    this.#hasUnsentHead = false
    if (!this.#res.writableEnded) this.#res.end()
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    const { call, via, hasOutcomeHeader } = this.options
    if (call.isAbandoned) return
    // The transport takes the announced octets for missing.
    if (this.#isHeadAll) {
      this.onResponseEnd()
      return
    }
    if (this.#res.headersSent) {
      // Too late for another answer: the caller gets what came, and must see that it is not whole.
      if (this.#hasUnsentHead) this.#res.flushHeaders()
      if (this.#res.socket === null) this.#res.destroy()
      else this.#res.socket.destroySoon()
      return
    }
    call.fail(readErrorCode(error))
    const refusal = isTimeout(error) ? REFUSALS.upstreamTimeout : REFUSALS.upstreamUnavailable
    const lines = ['via', via]
    if (hasOutcomeHeader && call.outcome !== undefined) lines.push(OUTCOME_FIELD, call.outcome)
    sendRefusal(this.#res, refusal, { lines })
    call.publish()
  }

  /** Until the caller has read. One listener, however many chunks still come: those of a held denial come all at once. */
  #pause(controller: Controller): void {
    if (this.#isPaused) return
    this.#isPaused = true
    controller.pause()
    this.#res.once('drain', () => {
      this.#isPaused = false
      controller.resume()
    })
  }

  /** Aborts whatever works for the caller. */
  abandon(reason: Abandonment): void {
    this.options.call.abandon(reason)
    this.#controller?.abort(new CallerLeftError())
  }

  /** The head goes out with the first chunk if that is here already, else at once: an event stream may be silent for minutes. */
  #sendHeadSoon(): void {
    this.#hasUnsentHead = true
    queueMicrotask(() => {
      if (this.#hasUnsentHead && !this.#res.writableEnded) this.#res.flushHeaders()
    })
  }
}

class CallerLeftError extends Error {
  override name = 'CallerLeftError'
  override message = 'the caller left'
}

/** The framing of an answer is one that two parsers could read differently. */
export class BadAnswerError extends Error {
  readonly code = 'ERR_BAD_ANSWER'
  override name = 'BadAnswerError'
  override message = 'the framing of the answer is ambiguous'
}

/** A phrase may hold octets that no longer are what the upstream wrote (RFC 9112 §4): then the status speaks for itself. */
function reasonPhrase(status: number, phrase = ''): string {
  return /^[\t\x20-\x7e]*$/.test(phrase) ? phrase : (STATUS_CODES[status] ?? '')
}

function isTimeout(error: Error): boolean {
  const code = readErrorCode(error)
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT'
}
