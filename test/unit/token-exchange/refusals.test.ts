import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import type { RefusalReach } from '../../../src/token-exchange/refusals.ts'
import { createRefusals } from '../../../src/token-exchange/refusals.ts'
import { createRequestKey } from '../../../src/token-exchange/request-key.ts'
import { createClock } from './exchange-harness.ts'

function requestOf(digest: string, scopes: string[], audience: string[]): ExchangeRequest {
  const subject = { token: createSecret('t'), digest, claims: undefined }
  return { subject, scopes, audience, namedBy: 'operator' }
}

function createSubject(maxEntries = 100) {
  const clock = createClock()
  const refusals = createRefusals({ maxEntries, monotonicNow: clock.monotonicNow })
  return {
    clock,
    refusals,
    remember: (reach: RefusalReach, request: ExchangeRequest) =>
      refusals.remember(reach, request, createRequestKey(request), {
        outcome: 'exchange-refused',
        reason: reach,
      }),
    find: (request: ExchangeRequest) => refusals.find(request, createRequestKey(request))?.reason,
  }
}

const ALICE_X_A = requestOf('alice', ['x'], ['a'])
const ALICE_Y_A = requestOf('alice', ['y'], ['a'])
const ALICE_X_B = requestOf('alice', ['x'], ['b'])
const BOB_X_A = requestOf('bob', ['x'], ['a'])
const BOB_Y_B = requestOf('bob', ['y'], ['b'])

t.test('a refusal is repeated as far as it reaches and no further', async (t) => {
  const all = [ALICE_X_A, ALICE_Y_A, ALICE_X_B, BOB_X_A, BOB_Y_B]
  const table: [reach: RefusalReach, repeated: boolean[]][] = [
    ['token', [true, true, true, false, false]],
    ['request', [true, false, false, false, false]],
    ['scopes', [true, false, true, true, false]],
    ['audience', [true, true, false, true, false]],
    ['client', [true, true, true, true, true]],
  ]
  for (const [reach, repeated] of table) {
    const { remember, find } = createSubject()
    remember(reach, ALICE_X_A)
    t.same(
      all.map((request) => find(request) === reach),
      repeated,
      reach,
    )
  }
})

t.test('a refusal of the caller lasts 30 s, one of our client 10 s', async (t) => {
  const lasts = { token: 30_000, request: 30_000, scopes: 10_000, audience: 10_000, client: 10_000 }
  for (const reach of ['token', 'request', 'scopes', 'audience', 'client'] as const) {
    const { remember, find, clock } = createSubject()
    remember(reach, ALICE_X_A)
    clock.advance(lasts[reach] - 1)
    t.equal(find(ALICE_X_A), reach)
    clock.advance(1)
    t.equal(find(ALICE_X_A), undefined, reach)
  }
})

t.test('a new secret forgets what was our fault, not what was the caller’s', async (t) => {
  const { remember, find, refusals } = createSubject()
  remember('client', BOB_Y_B)
  remember('request', ALICE_X_A)
  refusals.forgetMisconfiguration()
  t.equal(find(BOB_Y_B), undefined)
  t.equal(find(ALICE_X_A), 'request')
})

t.test('only so many are remembered', async (t) => {
  const { remember, find } = createSubject(2)
  for (const request of [ALICE_X_A, ALICE_Y_A, ALICE_X_B]) remember('request', request)
  t.equal(find(ALICE_X_A), undefined)
  t.equal(find(ALICE_X_B), 'request')
})
