import { mock } from 'node:test'
import t from 'tap'
import { challenge, GRANTED, jsonDenial, PLAIN_DENIAL } from './denials.ts'
import { issued, issuedToken } from './fake-tokens.ts'
import type { Visit } from './house.ts'
import { createHouse, settle } from './house.ts'

const EARLY_HINTS = { status: 103, headers: ['Link', '</a.css>; rel=preload'] }

t.test('a denial of 64 KiB is still read', async (t) => {
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).head(jsonDenial('llama:new'))
  visit.attempt(0).data(' '.repeat(65_536 - 64))
  visit.attempt(0).data((jsonDenial('llama:new').body ?? '').padEnd(64))
  visit.attempt(0).end()
  t.same(house.tokens.onlyAsked().request.scopes, ['llama:new'])
})

t.test('a larger denial goes to the caller with every byte', async (t) => {
  const house = createHouse({ route: {} })
  const visit = house.visit()
  visit.attempt(0).head(PLAIN_DENIAL)
  visit.attempt(0).data('a'.repeat(65_536))
  t.same(visit.caller.events, [])
  visit.attempt(0).data('b')
  t.equal(visit.caller.status, 403)
  visit.attempt(0).data('c')
  visit.attempt(0).end()
  t.equal(visit.caller.body, `${'a'.repeat(65_536)}bc`)
  t.same(visit.caller.headers, PLAIN_DENIAL.headers)
  t.equal(visit.caller.statusMessage, 'Nope')
  t.same(visit.settlements, [{ outcome: 'denial-too-large', reason: 'size', route: 'the route' }])
  t.equal(visit.caller.events.at(-1), 'end')
})

t.test('a denial that is slow goes to the caller as it comes', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).head(challenge('llama:new'))
  visit.attempt(0).data('den')
  mock.timers.tick(4_999)
  t.same(visit.caller.events, [])
  mock.timers.tick(1)
  t.same(visit.caller.events, ['head 403', 'data'])
  t.equal(house.tokens.onlyAsked().signal.aborted, true)
  visit.attempt(0).data('ied')
  visit.attempt(0).end()
  t.equal(visit.caller.body, 'denied')
  t.match(visit.settlements, [{ outcome: 'denial-too-large', reason: 'slow', route: '/v1/things' }])
  t.equal(visit.attempts.length, 1)
})

t.test('a denial that has ended, broken off or been released is no longer timed', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const endings = {
    ended: (visit: Visit) => visit.attempt(0).end(),
    broken: (visit: Visit) => visit.attempt(0).fail(),
    large: (visit: Visit) => visit.attempt(0).data('x'.repeat(65_537)),
  }
  for (const [name, endDenial] of Object.entries(endings)) {
    const visit = createHouse().visit()
    visit.attempt(0).head(PLAIN_DENIAL)
    endDenial(visit)
    const { length } = visit.caller.events
    mock.timers.tick(60_000)
    t.equal(visit.caller.events.length, length, name)
    t.equal(visit.caller.finalHeads, 1, name)
  }
})

t.test('a denial that breaks off reaches the caller as far as it came', async (t) => {
  const visit = createHouse().visit()
  visit.attempt(0).head(PLAIN_DENIAL)
  visit.attempt(0).data('n')
  visit.attempt(0).fail(new Error('broken off'))
  t.same(visit.caller.events, ['head 403', 'data', 'error'])
  t.equal(visit.caller.body, 'n')
  t.match(visit.settlements, [{ outcome: 'upstream-unavailable', reason: 'denial-broke-off' }])
})

t.test('an interim head of a denied attempt never reaches the caller', async (t) => {
  const house = createHouse()
  const visit = house.visit()
  visit.attempt(0).head(EARLY_HINTS)
  t.same(visit.caller.events, [])
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  visit.attempt(1).head({ status: 102 })
  visit.attempt(1).answer(GRANTED)
  t.same(visit.caller.events, ['head 102', 'head 200', 'data', 'end'])
  t.match(visit.settlements, [{ outcome: 'stepped-up' }])
})

t.test('nor does it where the denial is released', async (t) => {
  const visit = createHouse().visit()
  visit.attempt(0).head(EARLY_HINTS)
  visit.attempt(0).answer(PLAIN_DENIAL)
  t.same(visit.caller.events, ['head 403', 'data', 'end'])
})

t.test('an interim head of a granted attempt comes before the final head', async (t) => {
  const visit = createHouse().visit()
  visit.attempt(0).head(EARLY_HINTS)
  visit.attempt(0).answer(GRANTED)
  t.same(visit.caller.events, ['head 103', 'head 200', 'data', 'end'])
  t.same(visit.caller.headers, GRANTED.headers)
})

t.test('data of an attempt that has no head, or that is over, goes nowhere', async (t) => {
  const visit = createHouse().visit()
  visit.attempt(0).data('early')
  visit.attempt(0).end()
  t.same(visit.caller.events, [])
  visit.attempt(0).answer(PLAIN_DENIAL)
  visit.attempt(0).data('late')
  visit.attempt(0).end()
  t.equal(visit.caller.body, 'no')
})

t.test('an upgrade that is granted at once is passed on', async (t) => {
  const visit = createHouse().visit({ method: 'GET', upgrade: 'websocket' })
  visit.attempt(0).upgrade(101)
  t.same(visit.caller.events, ['upgrade 101'])
  t.match(visit.settlements, [{ outcome: 'forwarded' }])
})

t.test('an upgrade that is refused with a challenge steps up before its 101', async (t) => {
  const house = createHouse()
  const visit = house.visit({ method: 'GET', upgrade: 'websocket' })
  visit.attempt(0).answer({ ...challenge('llama:new'), body: '' })
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(visit.attempt(1).options.upgrade, 'websocket')
  visit.attempt(1).upgrade(101)
  t.same(visit.caller.events, ['upgrade 101'])
  t.match(visit.settlements, [{ outcome: 'stepped-up' }])
})

t.test('an upgrade that is pre-empted says so', async (t) => {
  const house = createHouse({ route: { need: { kind: 'scopes', scopes: ['llama:route'] } } })
  house.tokens.cached = issuedToken('cached', 'llama:route')
  const visit = house.visit({ method: 'GET', upgrade: 'websocket' })
  visit.attempt(0).upgrade(101)
  t.match(visit.settlements, [{ outcome: 'preempted' }])
})

t.test('without a bearer token everything passes as it comes', async (t) => {
  const house = createHouse({ held: undefined })
  const visit = house.visit()
  visit.attempt(0).start()
  visit.attempt(0).head(EARLY_HINTS)
  visit.attempt(0).answer(GRANTED)
  t.same(visit.caller.events, ['start', 'head 103', 'head 200', 'data', 'end'])
  t.match(visit.settlements, [{ outcome: 'forwarded' }])
  const socket = house.visit({ method: 'GET', upgrade: 'websocket' })
  socket.attempt(0).upgrade(101)
  t.match(socket.settlements, [{ outcome: 'forwarded' }])
  const broken = house.visit()
  broken.attempt(0).fail()
  t.same(broken.caller.events, ['error'])
})
