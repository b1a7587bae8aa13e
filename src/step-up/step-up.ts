import type { Dispatcher } from 'undici'
import type { Call, CallDispatchOptions } from '../call.ts'
import type { IssuedToken } from '../issued-token.ts'
import type { Circumstances, Rules, Wanted } from '../policy/decide.ts'
import type { SubjectToken } from '../subject-token.ts'
import type { ExchangeResult, IssuedTokens } from './issued-tokens.ts'
import type { Learning } from './learning.ts'
import type { ReplayBody } from './replay-body.ts'
import type { ReplayMemory } from './replay-memory.ts'

export interface StepUpOptions {
  readonly tokens: IssuedTokens
  /** The rules in force now: files change. */
  readonly rules: () => Rules
  readonly learning: Learning
  readonly replayMemory: ReplayMemory
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/** Everything about one request that outlives its attempts. */
export interface StepUp {
  readonly tokens: IssuedTokens
  readonly learning: Learning
  readonly now: () => number
  readonly dispatch: Dispatcher.Dispatch
  readonly options: CallDispatchOptions
  /** The relay's handler: it sees one answer, whichever attempt that comes from. */
  readonly downstream: Dispatcher.DispatchHandler
  readonly call: Call
  readonly subject: SubjectToken
  readonly circumstances: Circumstances
  readonly rules: Rules
  /** `undefined`: there is no body, or it is whole in the options, or it may not be sent twice. */
  readonly replayBody: ReplayBody | undefined
}

/** What an attempt went out with. */
export type Credential =
  | { readonly kind: 'own' }
  /** Pre-emption was tried and failed: that failure decides what a denial becomes. */
  | { readonly kind: 'own-after-failure'; readonly wanted: Wanted; readonly failure: Failure }
  | Issued

export interface Issued {
  readonly kind: 'issued'
  readonly wanted: Wanted
  readonly token: IssuedToken
  /** `undefined`: the token came from the cache without asking. */
  readonly exchangeMs: number | undefined
}

export type Failure = Exclude<ExchangeResult, { kind: 'issued' }>

/** An exchange under way for one caller. */
export interface PendingExchange {
  readonly wanted: Wanted
  readonly result: Promise<ExchangeResult>
  /** Nobody waits for it any more on behalf of this caller. */
  cancel(): void
}

/** Exchanges for as long as the caller stays; with `refused`, anew in place of that token. */
export function startExchange(
  { call, subject, tokens }: StepUp,
  wanted: Wanted,
  refused?: IssuedToken,
): PendingExchange {
  const abort = new AbortController()
  const cancel = () => abort.abort()
  call.onAbandoned = cancel
  const request = { subject, ...wanted, requestId: call.requestId }
  const result =
    refused === undefined
      ? tokens.obtain(request, abort.signal)
      : tokens.reissue(request, refused, abort.signal)
  return { wanted, result, cancel }
}
