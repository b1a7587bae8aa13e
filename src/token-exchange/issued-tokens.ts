import type { ExchangeRequest, ExchangeResult, IssuedTokens } from '../step-up/issued-tokens.ts'
import type { SubjectToken } from '../subject-token.ts'
import type { Conclusion } from './conclusion.ts'
import type { ExchangeParts, IssuedTokensOptions } from './exchange-parts.ts'
import { createExchangeParts } from './exchange-parts.ts'
import { createRequestKey } from './request-key.ts'
import type { Begin } from './single-flight.ts'
import { createSingleFlight } from './single-flight.ts'
import { whyUnusableSubject } from './subject-usability.ts'
import { isSameToken } from './token-cache.ts'
import { ABORTED } from './until-aborted.ts'

export interface ExchangedTokens extends IssuedTokens {
  /** There is a new secret, key or assertion: what Keycloak said of our client is asked anew. */
  forgetMisconfiguration(): void
  /** For the metrics: tokens in memory. */
  readonly cacheEntries: number
  /** For the metrics: whether exchanges are held back from Keycloak. */
  readonly isBreakerOpen: boolean
}

/** Issued tokens from Keycloak's Standard Token Exchange (RFC 8693): remembered, shared while in flight, verified. */
export function createIssuedTokens(options: IssuedTokensOptions): ExchangedTokens {
  const { now, monotonicNow, timeoutMs } = options
  const parts = createExchangeParts(options)
  const { cache, refusals, reissues, breaker, verifier } = parts
  const flights = createSingleFlight<Conclusion>({ timeoutMs })

  const whyUnusable = (subject: SubjectToken) => {
    const unusable = whyUnusableSubject(subject, { issuer: options.issuer, nowMs: now() })
    if (unusable !== undefined) return unusable
    return verifier.isForged(subject) ? 'bad-signature' : undefined
  }
  /** What is known without I/O, the cache apart. */
  const findRefusal = (request: ExchangeRequest, key: string): Conclusion | undefined => {
    const reason = whyUnusable(request.subject)
    const refusal =
      reason === undefined
        ? refusals.find(request, key)
        : ({ outcome: 'subject-token-unusable', reason } as const)
    return refusal && { kind: 'refused', refusal, reach: undefined }
  }
  const fly =
    (request: ExchangeRequest, key: string): Begin<Conclusion> =>
    (signal, isCurrent) =>
      exchangeAndKeep(options, parts, { request, key, signal, isCurrent })

  const toResult = (conclusion: Conclusion | typeof ABORTED, startedMs: number): ExchangeResult => {
    const exchangeMs = monotonicNow() - startedMs
    if (conclusion === ABORTED) {
      return { kind: 'unavailable', reason: 'abandoned', retryAfterS: 1, exchangeMs }
    }
    switch (conclusion.kind) {
      case 'issued':
        return { kind: 'issued', token: conclusion.token, exchangeMs }
      case 'refused':
        return { kind: 'refused', ...conclusion.refusal, exchangeMs }
      case 'unavailable': {
        const { reason } = conclusion
        return { kind: 'unavailable', reason, retryAfterS: breaker.retryAfterS(), exchangeMs }
      }
    }
  }

  return {
    whyUnusable,
    isAuthentic: verifier.isGood,
    async authenticate(subject) {
      if (whyUnusable(subject) !== undefined) return false
      const verification = await verifier.verifySubject(subject, AbortSignal.timeout(timeoutMs))
      return verification.kind === 'good'
    },
    peek: (request) => cache.get(createRequestKey(request)),
    async obtain(request, signal) {
      const startedMs = monotonicNow()
      const key = createRequestKey(request)
      const token = cache.get(key)
      if (token !== undefined) return { kind: 'issued', token, exchangeMs: 0 }
      const conclusion =
        findRefusal(request, key) ?? (await flights.join(key, signal, fly(request, key)))
      return toResult(conclusion, startedMs)
    },
    async reissue(request, used, signal) {
      const startedMs = monotonicNow()
      const key = createRequestKey(request)
      const newer = cache.get(key)
      if (newer !== undefined && !isSameToken(newer, used)) {
        return { kind: 'issued', token: newer, exchangeMs: 0 }
      }
      const known = findRefusal(request, key)
      if (known !== undefined) return toResult(known, startedMs)
      const mayBegin = () => {
        const isAllowed = reissues.allow(key)
        if (isAllowed) cache.evict(key, used)
        return isAllowed
      }
      const usedToken = used.accessToken.expose()
      const flight = flights.replace(key, usedToken, signal, fly(request, key), mayBegin)
      if (flight !== undefined) return toResult(await flight, startedMs)
      return {
        kind: 'refused',
        outcome: 'exchange-refused',
        reason: 'reissued-lately',
        exchangeMs: 0,
      }
    },
    forgetMisconfiguration() {
      parts.client.noteNewSecret()
      refusals.forgetMisconfiguration()
      parts.faults.forgetCredentials()
    },
    get cacheEntries() {
      return cache.size
    },
    get isBreakerOpen() {
      return breaker.isOpen
    },
  }
}

interface FlightContext {
  readonly request: ExchangeRequest
  readonly key: string
  readonly signal: AbortSignal
  readonly isCurrent: () => boolean
}

/** Keeps what it learns before the flight leaves the map, so that nobody finds neither. */
async function exchangeAndKeep(
  { now, monotonicNow, log }: IssuedTokensOptions,
  { exchange, cache, refusals, faults }: ExchangeParts,
  { request, key, signal, isCurrent }: FlightContext,
): Promise<Conclusion> {
  const sinceMs = monotonicNow()
  const subjectExpiresInMs = (request.subject.claims?.exp ?? 0) * 1000 - now()
  try {
    const conclusion = await exchange(request, signal)
    if (conclusion.kind === 'issued') {
      const lifetime = { sinceMs, expiresInMs: conclusion.expiresInMs, subjectExpiresInMs }
      // A newer flight has begun because this one's token may be what the upstream refuses.
      if (isCurrent()) cache.set(key, conclusion.token, lifetime)
    }
    if (conclusion.kind === 'refused' && conclusion.reach !== undefined) {
      refusals.remember(conclusion.reach, request, key, conclusion.refusal)
    }
    faults.note(request, conclusion)
    return conclusion
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error
    log.error({ error: name }, 'The exchange failed in a way that is not foreseen')
    return { kind: 'unavailable', reason: 'internal-error' }
  }
}
