import fc from 'fast-check'
import t from 'tap'
import type { IssuedToken } from '../../../src/issued-token.ts'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import { createRequestKey } from '../../../src/token-exchange/request-key.ts'
import { createTokenCache, isSameToken } from '../../../src/token-exchange/token-cache.ts'
import { createClock } from './exchange-harness.ts'

const HOUR_MS = 3_600_000

function tokenNamed(name: string): IssuedToken {
  return {
    accessToken: createSecret(name),
    scopes: [],
    expiresAt: 0,
    jti: undefined,
    sid: undefined,
  }
}

function createSubject(maxEntries = 100, maxTtlMs = HOUR_MS) {
  const clock = createClock()
  const { monotonicNow } = clock
  const cache = createTokenCache({ maxEntries, maxTtlMs, monotonicNow })
  const put = (key: string, token: IssuedToken, expiresInMs: number, subjectMs = HOUR_MS) =>
    cache.set(key, token, { sinceMs: monotonicNow(), expiresInMs, subjectExpiresInMs: subjectMs })
  return { cache, clock, put }
}

t.test('a token is served until the earliest of its three ends', async (t) => {
  const table: [what: string, expiresInMs: number, subjectMs: number, capMs: number, ms: number][] =
    [
      ['its own end, less 30 s', 300_000, HOUR_MS, HOUR_MS, 270_000],
      ['its own short life, less half of it', 20_000, HOUR_MS, HOUR_MS, 10_000],
      ['the end of the subject token', 300_000, 50_000, HOUR_MS, 50_000],
      ['the cap', 300_000, HOUR_MS, 40_000, 40_000],
    ]
  for (const [what, expiresInMs, subjectMs, capMs, servedMs] of table) {
    const { cache, clock, put } = createSubject(10, capMs)
    const token = tokenNamed('a')
    put('k', token, expiresInMs, subjectMs)
    clock.advance(servedMs - 1)
    t.equal(cache.get('k'), token, what)
    clock.advance(1)
    t.equal(cache.get('k'), undefined, what)
  }
})

t.test('the time that the exchange itself took counts', async (t) => {
  const { cache, clock } = createSubject()
  const sinceMs = clock.monotonicNow()
  clock.advance(10_000)
  cache.set('k', tokenNamed('a'), { sinceMs, expiresInMs: 20_000, subjectExpiresInMs: HOUR_MS })
  t.equal(cache.get('k'), undefined)
})

t.test('a token whose subject has expired meanwhile is never served', async (t) => {
  const { cache, put } = createSubject()
  put('k', tokenNamed('a'), 300_000, -1)
  t.equal(cache.get('k'), undefined)
})

t.test('only the token that was refused is evicted, and only once', async (t) => {
  const { cache, put } = createSubject()
  put('k', tokenNamed('new'), 300_000)
  t.equal(cache.evict('k', tokenNamed('old')), false)
  t.equal(cache.get('k')?.accessToken.expose(), 'new')
  t.equal(cache.evict('k', tokenNamed('new')), true)
  t.equal(cache.get('k'), undefined)
  t.equal(cache.evict('k', tokenNamed('new')), false)
  t.equal(isSameToken(undefined, tokenNamed('new')), false)
})

t.test('the least recently used goes first', async (t) => {
  const { cache, put } = createSubject(2)
  put('a', tokenNamed('a'), 300_000)
  put('b', tokenNamed('b'), 300_000)
  cache.get('a')
  put('c', tokenNamed('c'), 300_000)
  t.ok(cache.get('a'))
  t.equal(cache.get('b'), undefined)
  t.ok(cache.get('c'))
})

interface Remembered {
  readonly token: IssuedToken
  readonly endsAtMs: number
}

t.test('nobody ever gets the token of another, nor one after its end', async () => {
  const request = fc.record({
    user: fc.constantFrom('alice', 'bob', 'ali', 'ce'),
    audience: fc.subarray(['a', 'b', 'a b']),
    scopes: fc.subarray(['x', 'y', 'x y']),
  })
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set'), request, lifeMs: fc.integer({ min: -10, max: 90_000 }) }),
    fc.record({ kind: fc.constant('get'), request, lifeMs: fc.constant(0) }),
    fc.record({ kind: fc.constant('evict'), request, lifeMs: fc.constant(0) }),
    fc.record({ kind: fc.constant('wait'), request, lifeMs: fc.integer({ min: 0, max: 40_000 }) }),
  )
  const capacity = fc.constantFrom(2, 1000)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), capacity, (steps, maxEntries) => {
      const { cache, clock, put } = createSubject(maxEntries, 60_000)
      const model = new Map<string, Remembered>()
      return steps.every(({ kind, request: wanted, lifeMs }, index) => {
        const name = JSON.stringify(wanted)
        const key = createRequestKey(toRequest(wanted))
        const remembered = model.get(name)
        if (kind === 'wait') clock.advance(lifeMs)
        if (kind === 'set') {
          const token = tokenNamed(`${name} ${index}`)
          put(key, token, lifeMs)
          model.set(name, { token, endsAtMs: clock.monotonicNow() + Math.min(lifeMs, 60_000) })
        }
        if (kind === 'evict' && remembered) {
          cache.evict(key, remembered.token)
          model.delete(name)
        }
        return isRight(cache.get(key), model.get(name), clock.monotonicNow())
      })
    }),
    { numRuns: 300 },
  )
})

function isRight(got: IssuedToken | undefined, expected: Remembered | undefined, nowMs: number) {
  if (got === undefined) return true
  return expected !== undefined && got === expected.token && nowMs < expected.endsAtMs
}

function toRequest(wanted: {
  user: string
  audience: string[]
  scopes: string[]
}): ExchangeRequest {
  const { user, audience, scopes } = wanted
  const subject = { token: createSecret(user), digest: user, claims: undefined }
  return { subject, audience, scopes, namedBy: 'operator' }
}
