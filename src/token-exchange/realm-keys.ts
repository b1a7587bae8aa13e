import type { CryptoKey, JSONWebKeySet, JWSHeaderParameters, LocalJWKSet } from 'jose'
import { createLocalJWKSet } from 'jose'
import type { Dispatcher } from 'undici'
import { isJsonObject } from '../json-object.ts'
import type { CircuitBreaker, Liveness } from './circuit-breaker.ts'
import { OPEN } from './circuit-breaker.ts'
import { parseJsonAnswer } from './json-answer.ts'
import type { KeycloakAnswer, NoAnswer } from './keycloak-request.ts'
import { DEADLINE, requestKeycloak } from './keycloak-request.ts'
import { ABORTED, untilAborted } from './until-aborted.ts'

export type KeyLookup =
  | { readonly kind: 'key'; readonly key: CryptoKey }
  | { readonly kind: 'unknown-key' }
  | KeySetFailure

type KeySetFailure =
  | { readonly kind: 'realm-not-found' }
  | { readonly kind: 'unavailable'; readonly reason: NoAnswer | 'circuit-open' | 'no-key-set' }

/** Whose token wants the key. Anybody can invent a `kid` for a subject token; only Keycloak sends issued ones. */
export type KeyWanter = 'subject-token' | 'issued-token'

export interface RealmKeys {
  /** The realm's public key for that header (RFC 7515 §4.1.4); the signal ends the wait, not the fetch. */
  find(header: JWSHeaderParameters, wanter: KeyWanter, signal: AbortSignal): Promise<KeyLookup>
}

export interface RealmKeysOptions {
  readonly jwksUri: URL
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
  readonly breaker: CircuitBreaker
  readonly monotonicNow: () => number
}

type Fetched = { readonly kind: 'keys'; readonly keys: LocalJWKSet } | KeySetFailure

const REFETCH_INTERVAL_MS = 30_000
const RETRY_INTERVAL_MS = 5_000

/**
 * The realm's key set (RFC 7517): fetched when first needed, single flight, and again for an unknown `kid`, at most
 * every 30 s for subject tokens and every 30 s for issued ones, so that invented key ids cannot hide a rotation; 5 s after
 * a fetch that failed. It never expires: Keycloak itself refuses what a disabled key has signed.
 */
export function createRealmKeys(options: RealmKeysOptions): RealmKeys {
  const { monotonicNow } = options
  let keys: LocalJWKSet | undefined
  let pending: Promise<Fetched> | undefined
  let failure: KeySetFailure | undefined
  const refetchAtMs = { 'subject-token': 0, 'issued-token': 0 }

  async function load(): Promise<Fetched> {
    const fetched = await fetchKeys(options)
    pending = undefined
    if (fetched.kind === 'keys') {
      keys = fetched.keys
      failure = undefined
      return fetched
    }
    failure = fetched
    const retryAtMs = monotonicNow() + RETRY_INTERVAL_MS
    refetchAtMs['subject-token'] = Math.min(refetchAtMs['subject-token'], retryAtMs)
    refetchAtMs['issued-token'] = Math.min(refetchAtMs['issued-token'], retryAtMs)
    return fetched
  }

  /** Joins the fetch under way, or begins one. That a waiter leaves is its own affair. */
  async function loaded(signal: AbortSignal): Promise<Fetched> {
    pending ??= load()
    const fetched = await untilAborted(pending, signal)
    if (fetched !== ABORTED) return fetched
    return { kind: 'unavailable', reason: signal.reason === DEADLINE ? 'timeout' : 'abandoned' }
  }

  /** A newer set than the one that did not have the key, if there is one or one may be fetched. */
  async function newerThan(
    seen: LocalJWKSet,
    wanter: KeyWanter,
    signal: AbortSignal,
  ): Promise<Fetched | undefined> {
    if (keys !== undefined && keys !== seen) return { kind: 'keys', keys }
    if (pending === undefined) {
      const nowMs = monotonicNow()
      if (nowMs < refetchAtMs[wanter]) return failure
      refetchAtMs[wanter] = nowMs + REFETCH_INTERVAL_MS
    }
    return loaded(signal)
  }

  return {
    async find(header, wanter, signal) {
      const isFirst = keys === undefined
      const current: Fetched = keys === undefined ? await loaded(signal) : { kind: 'keys', keys }
      if (current.kind !== 'keys') return current
      const key = await pick(current.keys, header)
      if (key !== undefined) return { kind: 'key', key }
      if (isFirst) return { kind: 'unknown-key' }
      const newer = await newerThan(current.keys, wanter, signal)
      if (newer === undefined) return { kind: 'unknown-key' }
      if (newer.kind !== 'keys') return newer
      const rotated = await pick(newer.keys, header)
      return rotated === undefined ? { kind: 'unknown-key' } : { kind: 'key', key: rotated }
    },
  }
}

/** `undefined` for an unknown or ambiguous `kid`, and for a key that does not fit the algorithm. */
async function pick(
  keys: LocalJWKSet,
  header: JWSHeaderParameters,
): Promise<CryptoKey | undefined> {
  return keys(header).catch(() => undefined)
}

async function fetchKeys(options: RealmKeysOptions): Promise<Fetched> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(DEADLINE), options.timeoutMs)
  timer.unref()
  const call = () =>
    requestKeycloak(options.dispatcher, {
      url: options.jwksUri,
      method: 'GET',
      // A cache in between would hide the key that has just begun to sign.
      headers: { accept: 'application/json', 'cache-control': 'no-cache' },
      signal: deadline.signal,
    })
  const answer = await options.breaker.run(call, judgeLiveness)
  clearTimeout(timer)
  return answer === OPEN ? { kind: 'unavailable', reason: 'circuit-open' } : readKeys(answer)
}

function readKeys(answer: KeycloakAnswer): Fetched {
  if (answer.kind === 'none') return { kind: 'unavailable', reason: answer.reason }
  if (answer.status === 404) return { kind: 'realm-not-found' }
  const keySet = answer.status === 200 ? parseJsonAnswer(answer) : undefined
  if (!isKeySet(keySet)) return { kind: 'unavailable', reason: 'no-key-set' }
  try {
    return { kind: 'keys', keys: createLocalJWKSet(keySet) }
  } catch {
    return { kind: 'unavailable', reason: 'no-key-set' }
  }
}

function judgeLiveness(answer: KeycloakAnswer): Liveness {
  if (answer.kind === 'none') return answer.reason === 'abandoned' ? 'unknown' : 'down'
  if (answer.status >= 400 && answer.status < 500) return 'alive'
  return readKeys(answer).kind === 'keys' ? 'alive' : 'down'
}

/** As much as jose asks of a set before it reads a key (RFC 7517 §5). */
function isKeySet(value: unknown): value is JSONWebKeySet {
  if (!isJsonObject(value)) return false
  const { keys } = value
  return Array.isArray(keys) && keys.length > 0 && keys.every(isJsonObject)
}
