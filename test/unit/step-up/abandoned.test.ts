import { PassThrough } from 'node:stream'
import t from 'tap'
import { challenge, GRANTED, jsonDenial } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import { createHouse, settle, streamOf } from './house.ts'

const PREEMPTED = { need: { kind: 'scopes', scopes: ['llama:route'] } } as const

t.test('a caller that leaves during a pre-emption cancels it, and nothing is sent', async (t) => {
  const house = createHouse({ route: PREEMPTED })
  const body = new PassThrough()
  const visit = house.visit({ body })
  const asked = house.tokens.onlyAsked()
  t.equal(asked.signal.aborted, false)
  visit.call.abandon('caller-left')
  t.equal(asked.signal.aborted, true)
  asked.land(issued('late', 'llama:route'))
  await settle()
  t.equal(visit.attempts.length, 0)
  t.same(visit.caller.events, [])
  t.equal(house.memory.bytesInUse, 0)
})

t.test('a caller that leaves during an exchange cancels it, and nothing is replayed', async (t) => {
  const house = createHouse()
  const body = new PassThrough()
  const visit = house.visit({ body })
  body.write('one')
  await visit.attempt(0).readChunk()
  visit.attempt(0).answer(jsonDenial('llama:new'))
  const asked = house.tokens.onlyAsked()
  visit.call.abandon('caller-left')
  t.equal(asked.signal.aborted, true)
  asked.land(issued('late', 'llama:new'))
  await settle()
  t.equal(visit.attempts.length, 1)
  t.same(visit.caller.events, [])
  t.equal(house.memory.bytesInUse, 0)
})

t.test('a caller that leaves during a reissue cancels it', async (t) => {
  const house = createHouse({ route: PREEMPTED })
  house.tokens.cached = undefined
  const visit = house.visit()
  house.tokens.onlyAsked().land(issued('stale', 'llama:route'))
  await settle()
  visit.attempt(0).answer({
    status: 401,
    headers: ['www-authenticate', 'Bearer error="invalid_token"'],
  })
  const reissue = house.tokens.asked[1]
  visit.call.abandon('caller-left')
  t.equal(reissue?.signal.aborted, true)
})

t.test('a caller that leaves under a held denial has no outcome', async (t) => {
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).head(challenge('llama:new'))
  visit.attempt(0).data('den')
  const asked = house.tokens.onlyAsked()
  visit.call.abandon('caller-left')
  visit.attempt(0).fail(new Error('aborted'))
  t.equal(asked.signal.aborted, true)
  t.same(visit.settlements, [])
  t.equal(visit.caller.finalHeads, 0)
})

t.test(
  'leaving after the answer has begun cancels nothing that another request uses',
  async (t) => {
    const house = createHouse()
    const visit = house.visit()
    visit.attempt(0).answer(challenge('llama:new'))
    const asked = house.tokens.onlyAsked()
    asked.land(issued('wide', 'llama:new'))
    await settle()
    visit.attempt(1).head(GRANTED)
    visit.call.abandon('caller-left')
    t.equal(asked.signal.aborted, false)
  },
)

t.test('a caller that leaves while its token is checked has no outcome', async (t) => {
  const house = createHouse({ replay: { maxBytes: 1, totalBytes: 4 } })
  const visit = house.visit({ body: streamOf('body') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:new'))
  visit.call.abandon('caller-left')
  await settle()
  t.same(visit.settlements, [])
  t.same(visit.caller.events, [])
  t.equal(house.memory.bytesInUse, 0)
})

t.test(
  'what has gone out with an issued token is told of, though nobody waits for the answer',
  async (t) => {
    const house = createHouse()
    const visit = house.visit()
    visit.attempt(0).answer(challenge('llama:new'))
    house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
    await settle()
    visit.call.abandon('caller-left')
    visit.attempt(1).fail(new Error('aborted'))
    t.match(visit.settlements, [
      { outcome: 'stepped-up', reason: 'caller-left', scopesNeeded: ['llama:new'], exchangeMs: 7 },
    ])
    t.same(visit.call.issued?.scopes, ['llama:new'])
  },
)

t.test('so is a pre-empted request, once, whether its caller leaves or is given up', async (t) => {
  for (const reason of ['caller-left', 'upload-silent'] as const) {
    const house = createHouse({ route: PREEMPTED })
    house.tokens.cached = issuedToken('cached', 'llama:route')
    const visit = house.visit()
    visit.call.abandon(reason)
    visit.call.abandon('caller-left')
    t.match(visit.settlements, [{ outcome: 'preempted', reason, scopesNeeded: ['llama:route'] }])
    t.equal(visit.settlements.length, 1)
  }
})

t.test('leaving in the middle of an answer does not change how the request ended', async (t) => {
  const house = createHouse({ route: PREEMPTED })
  house.tokens.cached = issuedToken('cached', 'llama:route')
  const visit = house.visit()
  visit.attempt(0).head(GRANTED)
  visit.call.publish()
  visit.call.abandon('caller-left')
  t.equal(visit.settlements.length, 1)
  t.equal(visit.settlements[0]?.reason, undefined)
})
