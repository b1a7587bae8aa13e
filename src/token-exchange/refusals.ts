import { LRUCache } from 'lru-cache'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'

export interface Refusal {
  readonly outcome: 'subject-token-unusable' | 'exchange-refused' | 'scope-not-granted'
  readonly reason: string
}

/** What a refusal speaks of, and so whom it is repeated to. */
export type RefusalReach =
  /** This subject token, whatever is asked for. */
  | 'token'
  /** This subject token with this audience and these scopes. */
  | 'request'
  /** Our client with these scopes, this audience, or at all: for every caller. */
  | 'scopes'
  | 'audience'
  | 'client'

export interface Refusals {
  find(request: ExchangeRequest, requestKey: string): Refusal | undefined
  remember(
    reach: RefusalReach,
    request: ExchangeRequest,
    requestKey: string,
    refusal: Refusal,
  ): void
  /** Our client, or its secret, may be right by now. */
  forgetMisconfiguration(): void
}

export interface RefusalsOptions {
  readonly maxEntries: number
  readonly monotonicNow: () => number
}

interface Entry {
  readonly refusal: Refusal
  readonly untilMs: number
}

const CALLER_MS = 30_000
const CLIENT_MS = 10_000
const MAX_CLIENT_ENTRIES = 1000

/** Refusals that need not be asked for again: 30 s for a caller's, 10 s for what is our own fault. */
export function createRefusals({ maxEntries, monotonicNow }: RefusalsOptions): Refusals {
  const byCaller = new LRUCache<string, Entry>({ max: maxEntries })
  const byClient = new LRUCache<string, Entry>({ max: MAX_CLIENT_ENTRIES })

  const read = (entries: LRUCache<string, Entry>, key: string) => {
    const entry = entries.get(key)
    return entry !== undefined && monotonicNow() < entry.untilMs ? entry.refusal : undefined
  }

  return {
    find(request, requestKey) {
      return (
        read(byClient, keyOf('client', request, requestKey)) ??
        read(byCaller, keyOf('token', request, requestKey)) ??
        read(byCaller, keyOf('request', request, requestKey)) ??
        read(byClient, keyOf('scopes', request, requestKey)) ??
        read(byClient, keyOf('audience', request, requestKey))
      )
    },
    remember(reach, request, requestKey, refusal) {
      const isCallers = reach === 'token' || reach === 'request'
      const untilMs = monotonicNow() + (isCallers ? CALLER_MS : CLIENT_MS)
      const entries = isCallers ? byCaller : byClient
      entries.set(keyOf(reach, request, requestKey), { refusal, untilMs })
    },
    forgetMisconfiguration() {
      byClient.clear()
    },
  }
}

/** A name in front of each, so that keys of two kinds never meet. */
function keyOf(reach: RefusalReach, request: ExchangeRequest, requestKey: string): string {
  switch (reach) {
    case 'token':
      return `token ${request.subject.digest}`
    case 'request':
      return `request ${requestKey}`
    case 'scopes':
      return `scopes ${request.scopes.join(' ')}`
    case 'audience':
      return `audience ${JSON.stringify(request.audience)}`
    case 'client':
      return 'client'
  }
}
