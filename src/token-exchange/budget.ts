import { LRUCache } from 'lru-cache'

export interface Budget {
  /** Takes one exchange for a verified `sub`; `false`: exhausted, nothing was taken. */
  take(sub: string): boolean
  /** What was taken last for it was not used: Keycloak was not asked. */
  giveBack(sub: string): void
}

export interface BudgetOptions {
  /** Exchanges per minute and `sub`; 0: no limit. */
  readonly perMinute: number
  /** Exchanges per second in all; 0: no limit. */
  readonly perSecond: number
  readonly monotonicNow: () => number
}

/** A window begins with its first exchange. */
interface Window {
  readonly endsAtMs: number
  used: number
}

const MAX_SUBJECTS = 10_000

/** Holds callers, and all of them together, to what Keycloak shall bear. Knows the last 10 000 subjects. */
export function createBudget(options: BudgetOptions): Budget {
  const bySubject = new LRUCache<string, Window>({ max: MAX_SUBJECTS })
  let total: Window = { endsAtMs: 0, used: 0 }

  return {
    take(sub) {
      const nowMs = options.monotonicNow()
      const own = current(bySubject.get(sub), nowMs, 60_000)
      total = current(total, nowMs, 1000)
      if (isSpent(own, options.perMinute) || isSpent(total, options.perSecond)) return false
      own.used += 1
      total.used += 1
      bySubject.set(sub, own)
      return true
    },
    giveBack(sub) {
      const own = bySubject.get(sub)
      if (own !== undefined && own.used > 0) own.used -= 1
      if (total.used > 0) total.used -= 1
    },
  }
}

function current(window: Window | undefined, nowMs: number, lengthMs: number): Window {
  if (window !== undefined && nowMs < window.endsAtMs) return window
  return { endsAtMs: nowMs + lengthMs, used: 0 }
}

function isSpent(window: Window, limit: number): boolean {
  return limit > 0 && window.used >= limit
}
