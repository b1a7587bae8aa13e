import t from 'tap'
import { challenge, GRANTED, PLAIN_DENIAL } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import type { House, HouseOptions, Visit } from './house.ts'
import { createHouse, settle, streamOf } from './house.ts'

function learnedOf({ learning, subject }: House): readonly string[] | undefined {
  return subject === undefined ? undefined : learning.recall(subject, 'POST', '/v1/things')
}

async function stepUp(house: House): Promise<Visit> {
  const visit = house.visit()
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  return visit
}

t.test('a granted replay teaches the next call to go out with an issued token', async (t) => {
  const house = createHouse()
  const visit = await stepUp(house)
  t.equal(learnedOf(house), undefined)
  visit.attempt(1).answer(GRANTED)
  t.same(learnedOf(house), ['llama:new'])
  house.tokens.cached = issuedToken('cached', 'llama:new')
  const next = house.visit()
  t.equal(next.attempt(0).authorization, 'Bearer cached')
  next.attempt(0).answer(GRANTED)
  t.match(next.settlements, [{ outcome: 'preempted', scopesNeeded: ['llama:new'] }])
  t.match(house.visit({ path: '/v1/others' }).attempt(0).authorization, /^bearer /)
  t.match(house.visit({ method: 'GET' }).attempt(0).authorization, /^bearer /)
})

const UNTAUGHT: Readonly<Record<string, (visit: Visit) => void>> = {
  denied: (visit) => visit.attempt(1).answer(PLAIN_DENIAL),
  broken: (visit) => visit.attempt(1).fail(),
}
for (const [name, endReplay] of Object.entries(UNTAUGHT)) {
  t.test(`a ${name} replay teaches nothing`, async (t) => {
    const house = createHouse()
    endReplay(await stepUp(house))
    t.equal(learnedOf(house), undefined)
  })
}

t.test('nothing is learned where the operator wants to react to denials only', async (t) => {
  const house = createHouse({ route: { preempt: false } })
  const visit = await stepUp(house)
  visit.attempt(1).answer(GRANTED)
  t.match(visit.settlements, [{ outcome: 'stepped-up' }])
  t.equal(learnedOf(house), undefined)
})

const UNREPLAYABLE: Readonly<Record<string, HouseOptions>> = {
  'is too large': { replay: { maxBytes: 1, totalBytes: 4 } },
  'is never replayed': { route: { isReplayable: false, preempt: false } },
}
for (const [name, options] of Object.entries(UNREPLAYABLE)) {
  t.test(`a body that ${name} teaches the caller's next try to go through`, async (t) => {
    const house = createHouse(options)
    const visit = house.visit({ body: streamOf('body') })
    await visit.attempt(0).readBody()
    visit.attempt(0).answer(challenge('llama:new'))
    await settle()
    t.same(learnedOf(house), ['llama:new'])
    house.tokens.cached = issuedToken('cached', 'llama:new')
    const next = house.visit({ body: streamOf('body') })
    t.equal(next.attempt(0).authorization, 'Bearer cached')
  })
}

t.test('a token whose signature is not good is taught nothing', async (t) => {
  const house = createHouse({ replay: { maxBytes: 1, totalBytes: 4 } })
  house.tokens.isGenuine = false
  const visit = house.visit({ body: streamOf('body') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:new'))
  await settle()
  t.match(visit.settlements, [{ outcome: 'body-not-replayable' }])
  t.equal(learnedOf(house), undefined)
})

t.test('a pre-empted denial that names nothing new forgets what was learned', async (t) => {
  const house = createHouse()
  const first = await stepUp(house)
  first.attempt(1).answer(GRANTED)
  house.tokens.cached = issuedToken('cached', 'llama:new')
  const second = house.visit()
  second.attempt(0).answer(challenge('llama:new'))
  t.match(second.settlements, [{ outcome: 'replay-denied', reason: 'nothing-new' }])
  t.equal(learnedOf(house), undefined)
  t.match(house.visit().attempt(0).authorization, /^bearer /)
})

t.test('the union of what was learned and of the news is learned', async (t) => {
  const house = createHouse()
  const first = await stepUp(house)
  first.attempt(1).answer(GRANTED)
  house.tokens.cached = issuedToken('cached', 'llama:new')
  const second = house.visit()
  second.attempt(0).answer(challenge('llama:also'))
  house.tokens.asked[1]?.land(issued('both', 'llama:also', 'llama:new'))
  await settle()
  second.attempt(1).answer(GRANTED)
  t.same(learnedOf(house), ['llama:also', 'llama:new'])
})

const FAILED = { kind: 'refused', reason: 'x', exchangeMs: 5 } as const

t.test('a lesson that is not granted any more is forgotten, and learned anew', async (t) => {
  const house = createHouse()
  const { learning, subject, tokens } = house
  if (subject === undefined) throw new Error('the caller has a token')
  learning.remember(subject, 'POST', '/v1/things', ['llama:gone', 'llama:new'])
  const visit = house.visit()
  tokens.onlyAsked().land({ ...FAILED, outcome: 'scope-not-granted' })
  await settle()
  t.equal(learnedOf(house), undefined)
  visit.attempt(0).answer(challenge('llama:new'))
  tokens.asked[1]?.land(issued('wide', 'llama:new'))
  await settle()
  visit.attempt(1).answer(GRANTED)
  t.match(visit.settlements, [{ outcome: 'stepped-up' }])
  t.same(learnedOf(house), ['llama:new'])
})

t.test('another failure of a pre-emption leaves its lesson', async (t) => {
  const house = createHouse()
  const { learning, subject, tokens } = house
  if (subject === undefined) throw new Error('the caller has a token')
  learning.remember(subject, 'POST', '/v1/things', ['llama:new'])
  house.visit()
  tokens.asked[0]?.land({ ...FAILED, outcome: 'exchange-refused' })
  house.visit()
  tokens.asked[1]?.land({ kind: 'unavailable', reason: 'timeout', retryAfterS: 1, exchangeMs: 5 })
  await settle()
  t.same(learnedOf(house), ['llama:new'])
})

t.test('a union too long for a lesson is asked for, and its news are learned', async (t) => {
  const house = createHouse()
  const { learning, subject, tokens } = house
  if (subject === undefined) throw new Error('the caller has a token')
  const known = `llama:${'k'.repeat(800)}`
  const news = `llama:${'n'.repeat(240)}`
  learning.remember(subject, 'POST', '/v1/things', [known])
  tokens.cached = issuedToken('cached', known)
  const visit = house.visit()
  visit.attempt(0).answer(challenge(news))
  t.same(tokens.onlyAsked().request.scopes, [known, news])
  tokens.onlyAsked().land(issued('both', known, news))
  await settle()
  visit.attempt(1).answer(GRANTED)
  t.same(learnedOf(house), [news])
})
