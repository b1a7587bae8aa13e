import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { IssuedToken } from './issued-token.ts'
import type { Outcome } from './observability/outcome.ts'
import type { SubjectToken } from './subject-token.ts'

/** What is known of a step-up when it is settled; the audit line is made of it. */
export interface Settlement {
  readonly outcome: Outcome
  readonly reason?: string
  /** The rule that spoke, or the canonical path. */
  readonly route?: string
  readonly scopesNeeded?: readonly string[]
  readonly exchangeMs?: number
  /** What the caller waited more than a plain relay would have made it wait. */
  readonly addedMs?: number
}

/** Why nobody waits for the answer any more. */
export type Abandonment = 'caller-left' | 'upload-silent'

export interface CallOptions {
  readonly requestId: string
  readonly method: string
  /** Canonical: what policy matches, and all of the target that a log may hold. */
  readonly path: string
  readonly subject: SubjectToken | undefined
  /** Monotonic, in milliseconds. */
  readonly startedAt: number
  /** Called once: when the answer's head has been written, or nobody is there for it any more. */
  readonly onSettled: (call: Call, settlement: Settlement) => void
}

/** What the relay dispatches: a call, its end-to-end header lines as a flat list, and a body that undici may destroy. */
export interface CallDispatchOptions extends Dispatcher.DispatchOptions {
  readonly call: Call
  readonly headers: string[]
  readonly body: Buffer | Readable | null
}

export function isCallDispatch(
  options: Dispatcher.DispatchOptions,
): options is CallDispatchOptions {
  return 'call' in options && options.call instanceof Call
}

/**
 * One request of a caller on its way through the interceptor: the facts that the relay has read, and how it ended.
 * It travels in the dispatch options, since a handler's callbacks run in the context of a socket, not of a request.
 */
export class Call {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly subject: SubjectToken | undefined
  readonly startedAt: number
  /** The credential of the attempt whose answer is passed on; `undefined`: the caller's own. */
  issued: IssuedToken | undefined
  #settlement: Settlement | undefined
  #isPublished = false
  #isAbandoned = false
  #onAbandoned: (() => void) | undefined
  readonly #onSettled: CallOptions['onSettled']

  constructor(options: CallOptions) {
    this.requestId = options.requestId
    this.method = options.method
    this.path = options.path
    this.subject = options.subject
    this.startedAt = options.startedAt
    this.#onSettled = options.onSettled
  }

  get outcome(): Outcome | undefined {
    return this.#settlement?.outcome
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** How the request ends, unless its head cannot be written: then a later word replaces this one. */
  settle(settlement: Settlement): void {
    this.#settlement = settlement
  }

  /** There is no answer, or not all of it; what was known of the step-up stays. */
  fail(reason: string): void {
    this.#settlement = { ...this.#settlement, outcome: 'upstream-unavailable', reason }
  }

  /** The head is written, so the word stands: a body that breaks off afterwards does not change how the step-up ended. */
  publish(): void {
    if (this.#isPublished || this.#settlement === undefined) return
    this.#isPublished = true
    this.#onSettled(this, this.#settlement)
  }

  /**
   * The caller has left, or was given up: whoever waits for something on its behalf is told. What has gone out with an issued
   * token is told of all the same: nobody uses its power unseen by not waiting for the answer.
   */
  abandon(reason: Abandonment): void {
    this.#isAbandoned = true
    this.#onAbandoned?.()
    if (this.issued === undefined || this.#settlement === undefined || this.#isPublished) return
    this.#settlement = { ...this.#settlement, reason }
    this.publish()
  }

  /** At most one listener: a call waits for one thing at a time. */
  set onAbandoned(listener: (() => void) | undefined) {
    this.#onAbandoned = listener
    if (this.#isAbandoned) listener?.()
  }
}
