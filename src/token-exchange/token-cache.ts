import { LRUCache } from 'lru-cache'
import type { IssuedToken } from '../issued-token.ts'

export interface TokenCache {
  get(key: string): IssuedToken | undefined
  set(key: string, token: IssuedToken, lifetime: TokenLifetime): void
  /** Evicts, but only that very token: `true` if it was still there. */
  evict(key: string, token: IssuedToken): boolean
  /** Entries in memory, stale ones too until they are asked for or pushed out. */
  readonly size: number
}

export interface TokenLifetime {
  /** Monotonic, taken before the exchange was sent: the token cannot be older. */
  readonly sinceMs: number
  /** The answer's `expires_in`. */
  readonly expiresInMs: number
  /** What was left of the subject token at `sinceMs`. */
  readonly subjectExpiresInMs: number
}

export interface TokenCacheOptions {
  readonly maxEntries: number
  readonly maxTtlMs: number
  readonly monotonicNow: () => number
}

interface Entry {
  readonly token: IssuedToken
  readonly staleAtMs: number
}

const MARGIN_MS = 30_000

/**
 * Issued tokens in memory, least recently used out first. One is served until the earliest of its own end less a
 * margin (30 s, or half of a short life), the subject token's end, and the cap; revocation is seen by none of these.
 */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { maxTtlMs, monotonicNow } = options
  const entries = new LRUCache<string, Entry>({ max: options.maxEntries })

  const get = (key: string) => {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (monotonicNow() < entry.staleAtMs) return entry.token
    entries.delete(key)
    return undefined
  }

  return {
    get,
    set(key, token, { sinceMs, expiresInMs, subjectExpiresInMs }) {
      const marginMs = Math.min(MARGIN_MS, expiresInMs / 2)
      const ttlMs = Math.min(expiresInMs - marginMs, subjectExpiresInMs, maxTtlMs)
      entries.set(key, { token, staleAtMs: sinceMs + ttlMs })
    },
    evict(key, token) {
      return isSameToken(get(key), token) && entries.delete(key)
    },
    get size() {
      return entries.size
    },
  }
}

export function isSameToken(one: IssuedToken | undefined, other: IssuedToken): boolean {
  return one?.accessToken.expose() === other.accessToken.expose()
}
