import t from 'tap'
import type { ExchangeResult } from '../../../src/step-up/issued-tokens.ts'
import { EXPIRED, GRANTED, json, PLAIN_DENIAL } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import { createHouse, settle, streamOf } from './house.ts'

const ROUTE = { need: { kind: 'scopes', scopes: ['llama:route'] } } as const

function createPreempted(route: object = {}, replay = { maxBytes: 10_000, totalBytes: 40_000 }) {
  const house = createHouse({ route: { ...ROUTE, ...route }, replay })
  house.tokens.cached = issuedToken('stale', 'llama:route')
  return house
}

const TOKEN_REFUSALS = {
  'a Bearer challenge': EXPIRED,
  'a JSON body': json(401, { error: 'invalid_token' }),
  "Llama Stack's own sentence": json(401, { error: { message: 'Invalid JWT token' } }),
}
for (const [name, refusal] of Object.entries(TOKEN_REFUSALS)) {
  t.test(`an issued token that is refused by ${name} is replaced`, async (t) => {
    const house = createPreempted()
    const visit = house.visit({ body: streamOf('one,', 'two') })
    await visit.attempt(0).readBody()
    visit.attempt(0).answer(refusal)
    const { used, request } = house.tokens.onlyAsked()
    t.equal(used, house.tokens.cached)
    t.match(request, { scopes: ['llama:route'], audience: ['api'], namedBy: 'operator' })
    house.tokens.onlyAsked().land(issued('fresh', 'llama:route'))
    await settle()
    t.equal(visit.attempt(1).authorization, 'Bearer fresh')
    t.equal(await visit.attempt(1).readBody(), 'one,two')
    visit.attempt(1).answer(GRANTED)
    t.equal(visit.caller.body, 'granted')
    t.match(visit.settlements, [{ outcome: 'reissued' }])
    t.same(visit.call.issued?.scopes, ['llama:route'])
  })
}

const OTHERS = {
  'a 401 of somebody else': json(401, { error: { message: 'Error code: 401' } }),
  'a 403 with the words of a 401': { ...EXPIRED, status: 403 },
  'a 401 without a word': { status: 401 },
}
for (const [name, denial] of Object.entries(OTHERS)) {
  t.test(`${name} does not replace the token`, async (t) => {
    const house = createPreempted()
    const visit = house.visit()
    visit.attempt(0).answer(denial)
    t.equal(house.tokens.asked.length, 0)
    t.equal(visit.caller.status, denial.status)
    t.match(visit.settlements, [{ outcome: 'replay-denied' }])
  })
}

t.test('no token is replaced where the request cannot be sent again', async (t) => {
  const burst = createPreempted({}, { maxBytes: 10, totalBytes: 40 })
  const visit = burst.visit({ body: streamOf('one,', 'two') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(EXPIRED)
  t.equal(burst.tokens.asked.length, 0)
  t.match(visit.settlements, [{ outcome: 'replay-denied', reason: 'invalid-token' }])
  const never = createPreempted({ isReplayable: false })
  const again = never.visit()
  again.attempt(0).answer(EXPIRED)
  t.equal(never.tokens.asked.length, 0)
  t.match(again.settlements, [{ outcome: 'replay-denied' }])
})

t.test('a token that is refused on the replay is not replaced once more', async (t) => {
  const house = createPreempted()
  const visit = house.visit()
  visit.attempt(0).answer(EXPIRED)
  house.tokens.onlyAsked().land(issued('fresh', 'llama:route'))
  await settle()
  visit.attempt(1).answer({ ...EXPIRED, body: 'again' })
  await settle()
  t.equal(visit.attempts.length, 2)
  t.equal(house.tokens.asked.length, 1)
  t.equal(visit.caller.body, 'again')
  t.match(visit.settlements, [{ outcome: 'replay-denied' }])
})

t.test('the own token that is refused is not replaced', async (t) => {
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).answer(EXPIRED)
  t.equal(house.tokens.asked.length, 0)
  t.match(visit.settlements, [{ outcome: 'no-hint', reason: 'invalid-token' }])
})

t.test('a reissue that fails gives the caller the refusal of the token, or 503', async (t) => {
  const lately: ExchangeResult = {
    kind: 'refused',
    outcome: 'exchange-refused',
    reason: 'reissued-lately',
    exchangeMs: 0,
  }
  const refused = createPreempted()
  const first = refused.visit()
  first.attempt(0).answer(EXPIRED)
  refused.tokens.onlyAsked().land(lately)
  await settle()
  t.equal(first.caller.body, 'expired')
  t.match(first.settlements, [{ outcome: 'exchange-refused', reason: 'reissued-lately' }])
  const down = createPreempted()
  const second = down.visit()
  second.attempt(0).answer(EXPIRED)
  down.tokens
    .onlyAsked()
    .land({ kind: 'unavailable', reason: 'circuit-open', retryAfterS: 5, exchangeMs: 0 })
  await settle()
  t.equal(second.caller.status, 503)
})

t.test('an exchange that fails against its contract ends this request alone', async (t) => {
  const house = createPreempted()
  for (const [i, thrown] of [new Error('bug'), 'no error at all'].entries()) {
    const visit = house.visit()
    visit.attempt(0).answer(i === 0 ? EXPIRED : { ...EXPIRED, body: PLAIN_DENIAL.body ?? '' })
    house.tokens.asked[i]?.crash(thrown)
    await settle()
    t.equal(visit.caller.error?.message, i === 0 ? 'bug' : 'step-up failed')
    t.equal(visit.caller.finalHeads, 0)
  }
})
