import t from 'tap'
import { challenge, EXPIRED, GRANTED, json, jsonDenial, PLAIN_DENIAL } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import { createHouse, settle, streamOf } from './house.ts'

const ROUTE = { need: { kind: 'scopes', scopes: ['llama:route'] } } as const
const DOWN = { kind: 'unavailable', reason: 'timeout', retryAfterS: 1, exchangeMs: 9 } as const
const BUDGET = {
  kind: 'refused',
  outcome: 'exchange-refused',
  reason: 'budget',
  exchangeMs: 2,
} as const
const NOT_GRANTED = {
  kind: 'refused',
  outcome: 'scope-not-granted',
  reason: 'scope-not-granted',
  exchangeMs: 5,
} as const
const NOT_ATTACHED = {
  kind: 'refused',
  outcome: 'exchange-refused',
  reason: 'scope-not-attached',
  exchangeMs: 5,
} as const

t.test('a cached token goes out in the very tick of the request', async (t) => {
  const house = createHouse({ route: ROUTE })
  house.tokens.cached = issuedToken('cached', 'llama:route')
  const visit = house.visit()
  t.equal(visit.attempt(0).authorization, 'Bearer cached')
  t.equal(house.tokens.asked.length, 0)
  visit.attempt(0).answer(GRANTED)
  t.equal(visit.caller.body, 'granted')
  t.same(visit.settlements, [
    {
      outcome: 'preempted',
      route: 'the route',
      scopesNeeded: ['llama:route'],
    },
  ])
  t.equal(visit.call.issued, house.tokens.cached)
})

t.test('without one the request waits for the exchange, and goes out once', async (t) => {
  const house = createHouse({ route: ROUTE })
  const visit = house.visit({ body: streamOf('one,', 'two') })
  t.equal(visit.attempts.length, 0)
  t.match(house.tokens.onlyAsked().request, {
    scopes: ['llama:route'],
    audience: ['api'],
    namedBy: 'operator',
  })
  house.tokens.onlyAsked().land(issued('wide', 'llama:route'))
  await settle()
  t.equal(visit.attempt(0).authorization, 'Bearer wide')
  t.equal(await visit.attempt(0).readBody(), 'one,two')
  visit.attempt(0).answer(GRANTED)
  t.match(visit.settlements, [{ outcome: 'preempted', exchangeMs: 7, addedMs: 7 }])
  t.equal(visit.attempts.length, 1)
  t.equal(house.memory.bytesInUse, 0)
})

t.test('a token that cannot be exchanged is not pre-empted', async (t) => {
  const house = createHouse({ route: ROUTE })
  house.tokens.unusable = 'expired'
  const visit = house.visit()
  t.equal(house.tokens.asked.length, 0)
  t.match(visit.attempt(0).authorization, /^bearer /)
  visit.attempt(0).answer(GRANTED)
  t.match(visit.settlements, [{ outcome: 'forwarded' }])
})

t.test('a pre-emption that fails sends the own token, which may be enough', async (t) => {
  const house = createHouse({ route: ROUTE })
  const visit = house.visit({ body: streamOf('one') })
  house.tokens.onlyAsked().land(DOWN)
  await settle()
  t.match(visit.attempt(0).authorization, /^bearer /)
  t.equal(await visit.attempt(0).readBody(), 'one')
  visit.attempt(0).answer(GRANTED)
  t.match(visit.settlements, [{ outcome: 'forwarded' }])
})

const COVERED = {
  'a denial that names the same scopes': challenge('llama:route'),
  'a denial that names none': PLAIN_DENIAL,
  'a refusal of the route': json(403, {
    error: { message: 'Access denied: insufficient permissions for route /v1/things' },
  }),
}
for (const [name, denial] of Object.entries(COVERED)) {
  t.test(`after a failed pre-emption its failure decides ${name}`, async (t) => {
    const house = createHouse({ route: ROUTE })
    const down = house.visit()
    house.tokens.onlyAsked().land(DOWN)
    await settle()
    down.attempt(0).answer(denial)
    t.equal(down.caller.status, 503)
    t.match(down.settlements, [{ outcome: 'exchange-unavailable', scopesNeeded: ['llama:route'] }])
    const refused = house.visit()
    house.tokens.asked[1]?.land(BUDGET)
    await settle()
    refused.attempt(0).answer(denial)
    t.equal(refused.caller.status, denial.status)
    t.equal(refused.caller.body, denial.body)
    t.match(refused.settlements, [{ outcome: 'exchange-refused', reason: 'budget' }])
    t.equal(house.tokens.asked.length, 2)
  })
}

t.test(
  'after a failed pre-emption a denial that names other scopes is exchanged for',
  async (t) => {
    const house = createHouse({ route: ROUTE })
    const visit = house.visit()
    house.tokens.onlyAsked().land(BUDGET)
    await settle()
    visit.attempt(0).answer(challenge('llama:other'))
    t.same(house.tokens.asked[1]?.request.scopes, ['llama:other'])
    house.tokens.asked[1]?.land(issued('other', 'llama:other'))
    await settle()
    visit.attempt(1).answer(GRANTED)
    t.match(visit.settlements, [{ outcome: 'stepped-up' }])
  },
)

const TWO_SCOPES = { need: { kind: 'scopes', scopes: ['llama:also', 'llama:route'] } } as const

for (const failure of [NOT_GRANTED, NOT_ATTACHED]) {
  t.test(
    `a set refused as ${failure.reason} does not decide a denial that names less`,
    async (t) => {
      const house = createHouse({ route: TWO_SCOPES })
      const visit = house.visit({ body: streamOf('one,', 'two') })
      house.tokens.onlyAsked().land(failure)
      await settle()
      await visit.attempt(0).readBody()
      visit.attempt(0).answer(challenge('llama:route'))
      t.same(house.tokens.asked[1]?.request.scopes, ['llama:route'])
      house.tokens.asked[1]?.land(issued('less', 'llama:route'))
      await settle()
      t.equal(visit.attempt(1).authorization, 'Bearer less')
      t.equal(await visit.attempt(1).readBody(), 'one,two')
      visit.attempt(1).answer(GRANTED)
      t.match(visit.settlements, [{ outcome: 'stepped-up', scopesNeeded: ['llama:route'] }])
    },
  )

  t.test(`a set refused as ${failure.reason} decides a denial that names all of it`, async (t) => {
    const house = createHouse({ route: TWO_SCOPES })
    const visit = house.visit()
    house.tokens.onlyAsked().land(failure)
    await settle()
    visit.attempt(0).answer(challenge('llama:route', 'llama:also'))
    t.match(visit.settlements, [{ outcome: failure.outcome, reason: failure.reason }])
    t.equal(house.tokens.asked.length, 1)
    t.equal(visit.attempts.length, 1)
  })
}

t.test('the exchange for less is the last: two exchanges and two sends at most', async (t) => {
  const house = createHouse({ route: TWO_SCOPES })
  const refused = house.visit()
  house.tokens.onlyAsked().land(NOT_GRANTED)
  await settle()
  refused.attempt(0).answer(challenge('llama:route'))
  house.tokens.asked[1]?.land(NOT_GRANTED)
  await settle()
  t.equal(refused.caller.body, 'denied')
  t.match(refused.settlements, [{ outcome: 'scope-not-granted', scopesNeeded: ['llama:route'] }])
  const denied = house.visit()
  house.tokens.asked[2]?.land(NOT_GRANTED)
  await settle()
  denied.attempt(0).answer(challenge('llama:route'))
  house.tokens.asked[3]?.land(issued('less', 'llama:route'))
  await settle()
  denied.attempt(1).answer(challenge('llama:also'))
  t.match(denied.settlements, [{ outcome: 'replay-denied' }])
  t.equal(denied.attempts.length, 2)
  t.equal(house.tokens.asked.length, 4)
})

t.test('an outage decides a denial that names less, without waiting a second time', async (t) => {
  const house = createHouse({ route: TWO_SCOPES })
  const visit = house.visit()
  house.tokens.onlyAsked().land(DOWN)
  await settle()
  visit.attempt(0).answer(challenge('llama:route'))
  t.equal(visit.caller.status, 503)
  t.equal(house.tokens.asked.length, 1)
})

t.test('after a failed pre-emption a forbidden scope is still forbidden', async (t) => {
  const house = createHouse({ route: ROUTE })
  const visit = house.visit()
  house.tokens.onlyAsked().land(DOWN)
  await settle()
  visit.attempt(0).answer(challenge('llama:admin'))
  t.equal(visit.caller.status, 403)
  t.match(visit.settlements, [{ outcome: 'scope-not-allowed' }])
})

t.test('a pre-empted request whose denial has news is stepped up with the union', async (t) => {
  const house = createHouse({ route: ROUTE })
  house.tokens.cached = issuedToken('cached', 'llama:route')
  const visit = house.visit({ body: streamOf('one,', 'two') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:also'))
  t.same(house.tokens.onlyAsked().request.scopes, ['llama:also', 'llama:route'])
  t.equal(house.tokens.onlyAsked().used, undefined)
  house.tokens.onlyAsked().land(issued('both', 'llama:also', 'llama:route'))
  await settle()
  t.equal(visit.attempt(1).authorization, 'Bearer both')
  t.equal(await visit.attempt(1).readBody(), 'one,two')
  visit.attempt(1).answer(GRANTED)
  t.match(visit.settlements, [
    { outcome: 'stepped-up', scopesNeeded: ['llama:also', 'llama:route'] },
  ])
})

const NO_NEWS = {
  'the same scopes': jsonDenial('llama:route'),
  'scopes that are held': challenge('llama:held'),
  nothing: PLAIN_DENIAL,
  'an invalid token, where the request cannot be sent again': EXPIRED,
}
for (const [name, denial] of Object.entries(NO_NEWS)) {
  t.test(`a pre-empted request whose denial names ${name} is replay-denied`, async (t) => {
    const house = createHouse({ route: { ...ROUTE, isReplayable: false } })
    house.tokens.cached = issuedToken('cached', 'llama:route')
    const visit = house.visit()
    visit.attempt(0).answer(denial)
    t.equal(visit.caller.body, denial.body)
    t.match(visit.settlements, [{ outcome: 'replay-denied' }])
    t.equal(visit.attempts.length, 1)
    t.equal(house.tokens.asked.length, 0)
  })
}

t.test('a pre-emption that fails against its contract ends this request alone', async (t) => {
  const house = createHouse({ route: ROUTE })
  for (const [i, thrown] of [new Error('bug'), 'no error at all'].entries()) {
    const visit = house.visit({ body: streamOf('one') })
    house.tokens.asked[i]?.crash(thrown)
    await settle()
    t.equal(visit.caller.error?.message, i === 0 ? 'bug' : 'pre-emption failed')
    t.equal(visit.attempts.length, 0)
  }
})

t.test('a pre-empted request that cannot be dispatched ends alone', async (t) => {
  const house = createHouse({ route: ROUTE })
  const visit = house.visit({ failsFrom: 0 })
  house.tokens.onlyAsked().land(issued('wide', 'llama:route'))
  await settle()
  t.equal(visit.caller.error?.message, 'cannot be dispatched')
})
