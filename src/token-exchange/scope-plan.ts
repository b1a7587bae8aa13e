import { LRUCache } from 'lru-cache'
import type { ScopeRules } from '../policy/route-policy.ts'
import { fitsScopeParameter, isScopeToken } from '../scope-token.ts'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'

export interface ScopePlan {
  /** Scopes to ask for: those needed, and those that the subject token holds already. */
  choose(request: ExchangeRequest): readonly string[]
  /** The held scopes spoiled the set: for 30 s only the needed ones are asked for where the same are held. */
  noteHeldRefused(request: ExchangeRequest): void
}

export interface ScopePlanOptions {
  readonly scopeRules: ScopeRules
  readonly monotonicNow: () => number
}

const REFUSED_FOR_MS = 30_000
const MAX_REFUSED_SETS = 1000

/**
 * A route may want scopes that the caller has already (`openid`), so they are kept; holding one is no climb.
 * But one that our client does not have refuses the whole set. That is remembered by the set that spoiled it, for
 * all callers: those who hold other scopes do not lose theirs.
 */
export function createScopePlan({ scopeRules, monotonicNow }: ScopePlanOptions): ScopePlan {
  const refusedUntilMs = new LRUCache<string, number>({ max: MAX_REFUSED_SETS })

  const heldBeside = ({ subject, scopes }: ExchangeRequest) =>
    [...(subject.claims?.scopes ?? [])]
      .filter((scope) => isScopeToken(scope) && !scopes.includes(scope))
      .filter((scope) => !scopeRules.isDenied(scope))
      .sort()

  return {
    choose(request) {
      const held = heldBeside(request)
      const union = [...request.scopes, ...held].sort()
      const isRefused = monotonicNow() < (refusedUntilMs.get(held.join(' ')) ?? 0)
      return isRefused || !fitsScopeParameter(union) ? request.scopes : union
    },
    noteHeldRefused(request) {
      refusedUntilMs.set(heldBeside(request).join(' '), monotonicNow() + REFUSED_FOR_MS)
    },
  }
}
