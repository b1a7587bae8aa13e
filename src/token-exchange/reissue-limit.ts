import { LRUCache } from 'lru-cache'

export interface ReissueLimit {
  /** Takes the one reissue that a key may have in 30 s; `false`: it was taken already. */
  allow(key: string): boolean
}

export interface ReissueLimitOptions {
  readonly maxEntries: number
  readonly monotonicNow: () => number
}

const INTERVAL_MS = 30_000

/** An upstream that refuses every token must not make each request cost an exchange. */
export function createReissueLimit(options: ReissueLimitOptions): ReissueLimit {
  const { maxEntries, monotonicNow } = options
  const allowedAtMs = new LRUCache<string, number>({ max: maxEntries })
  return {
    allow(key) {
      if (monotonicNow() < (allowedAtMs.get(key) ?? 0)) return false
      allowedAtMs.set(key, monotonicNow() + INTERVAL_MS)
      return true
    },
  }
}
