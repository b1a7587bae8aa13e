import type { IssuedToken } from '../issued-token.ts'
import type { SubjectToken } from '../subject-token.ts'

export interface ExchangeRequest {
  readonly subject: SubjectToken
  /** Needed scope tokens: deduplicated and sorted, none denied by policy. May be empty where only the audience is wanted. */
  readonly scopes: readonly string[]
  /** Requested audiences, sorted; empty: none was configured. */
  readonly audience: readonly string[]
  /**
   * Who named the scopes. Without any audience, scopes that an upstream named are acted on only if the
   * issued `aud` adds nothing to the subject's: else a hostile upstream could have a token for its neighbour minted.
   */
  readonly namedBy: 'operator' | 'upstream'
  /** Of the request that wants the token; where several share an exchange, of the first. */
  readonly requestId?: string
}

export type ExchangeResult =
  | { readonly kind: 'issued'; readonly token: IssuedToken; readonly exchangeMs: number }
  | {
      readonly kind: 'refused'
      readonly outcome: 'subject-token-unusable' | 'exchange-refused' | 'scope-not-granted'
      /** One stable word or short kebab-case phrase for the log: `budget`, `invalid-token`, `client-credentials`… */
      readonly reason: string
      readonly exchangeMs: number
    }
  | {
      readonly kind: 'unavailable'
      readonly reason: string
      readonly retryAfterS: number
      readonly exchangeMs: number
    }

/** The exchange as the step-up needs it; `token-exchange/` implements it, a test may fake it. */
export interface IssuedTokens {
  /** Why this subject token can never be exchanged (read from its claims and remembered refusals, no I/O), or `undefined`. */
  whyUnusable(subject: SubjectToken): string | undefined
  /** Whether the token's signature is known to be good: no I/O. */
  isAuthentic(subject: SubjectToken): boolean
  /** Checks the signature against the realm's keys, no exchange; `false` also where the keys cannot be had in time. Never rejects. */
  authenticate(subject: SubjectToken): Promise<boolean>
  /** A cached token for exactly this request: no I/O, no promise. */
  peek(request: ExchangeRequest): IssuedToken | undefined
  /** Cache, remembered refusals, single flight, budget, breaker, signature check, exchange, verification. Never rejects. */
  obtain(request: ExchangeRequest, signal: AbortSignal): Promise<ExchangeResult>
  /**
   * Like `obtain`, after the upstream refused `used`: evicts it (only if the cache still holds that very token,
   * else the newer one is taken) and exchanges anew; at most once per key in 30 s, then `refused` with reason `reissued-lately`.
   */
  reissue(request: ExchangeRequest, used: IssuedToken, signal: AbortSignal): Promise<ExchangeResult>
}
