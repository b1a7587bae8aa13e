import t from 'tap'
import { challenge, EXPIRED, GRANTED, jsonDenial } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import { createHouse, settle } from './house.ts'

t.test('where the header is the hint the exchange starts at the head', async (t) => {
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).head(challenge('llama:new'))
  t.same(house.tokens.onlyAsked().request.scopes, ['llama:new'])
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(visit.attempts.length, 1)
  visit.attempt(0).data('denied')
  visit.attempt(0).end()
  await settle()
  t.equal(house.tokens.asked.length, 1)
  visit.attempt(1).answer(GRANTED)
  t.equal(visit.caller.body, 'granted')
})

const LATER = {
  'a challenge that names no scope': {
    ...challenge(),
    headers: ['www-authenticate', 'Bearer error="insufficient_scope"'],
  },
  'a challenge for scopes that are forbidden': challenge('llama:admin'),
  'a challenge for scopes that are held': challenge('llama:held'),
  'a body that may be the hint': jsonDenial('llama:new'),
  'a refusal of the token': EXPIRED,
}
for (const [name, denial] of Object.entries(LATER)) {
  t.test(`${name} starts no exchange at the head`, async (t) => {
    const house = createHouse()
    const visit = house.visit()
    visit.attempt(0).head(denial)
    t.equal(house.tokens.asked.length, 0)
    visit.attempt(0).end()
  })
}

t.test('a failed pre-emption is not tried again at the head', async (t) => {
  const house = createHouse({ route: { need: { kind: 'scopes', scopes: ['llama:route'] } } })
  const visit = house.visit()
  house.tokens
    .onlyAsked()
    .land({ kind: 'unavailable', reason: 'down', retryAfterS: 1, exchangeMs: 1 })
  await settle()
  visit.attempt(0).answer(challenge('llama:route'))
  t.equal(house.tokens.asked.length, 1)
  t.equal(visit.caller.status, 503)
})

t.test('the news of a pre-empted denial are asked for at the head', async (t) => {
  const house = createHouse({ route: { need: { kind: 'scopes', scopes: ['llama:route'] } } })
  house.tokens.cached = issuedToken('cached', 'llama:route')
  const visit = house.visit()
  visit.attempt(0).head(challenge('llama:also'))
  t.same(house.tokens.onlyAsked().request.scopes, ['llama:also', 'llama:route'])
  visit.attempt(0).end()
})

t.test('a denial that breaks off or grows too large cancels what was begun for it', async (t) => {
  const house = createHouse()
  const broken = house.visit()
  broken.attempt(0).head(challenge('llama:new'))
  broken.attempt(0).fail()
  t.equal(house.tokens.asked[0]?.signal.aborted, true)
  const large = house.visit()
  large.attempt(0).head(challenge('llama:new'))
  large.attempt(0).data('x'.repeat(65_537))
  t.equal(house.tokens.asked[1]?.signal.aborted, true)
})
