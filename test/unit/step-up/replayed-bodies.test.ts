import { PassThrough } from 'node:stream'
import t from 'tap'
import { challenge, GRANTED, jsonDenial } from './denials.ts'
import { issued } from './fake-tokens.ts'
import type { Visit } from './house.ts'
import { createHouse, settle, streamOf } from './house.ts'

t.test('a recorded body is replayed whole after the upstream has read it', async (t) => {
  const house = createHouse()
  const visit = house.visit({ body: streamOf('one,', 'two,', 'three') })
  t.equal(await visit.attempt(0).readBody(), 'one,two,three')
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(await visit.attempt(1).readBody(), 'one,two,three')
  t.equal(house.memory.bytesInUse, 0)
})

t.test('a body that was refused early goes on with the rest as it arrives', async (t) => {
  const house = createHouse()
  const body = new PassThrough()
  const visit = house.visit({ body })
  body.write('one,')
  t.equal(await visit.attempt(0).readChunk(), 'one,')
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  const replayed = visit.attempt(1).readBody()
  body.write('two,')
  body.end('three')
  t.equal(await replayed, 'one,two,three')
  t.equal(house.memory.bytesInUse, 0)
})

t.test('an upload that is reset behind its whole denial does not spoil the replay', async (t) => {
  const house = createHouse()
  const visit = house.visit({ body: streamOf('one,', 'two') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:new'))
  visit.attempt(0).fail(new Error('reset'))
  t.same(visit.caller.events, [])
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(await visit.attempt(1).readBody(), 'one,two')
  visit.attempt(1).answer(GRANTED)
  t.equal(visit.caller.body, 'granted')
})

t.test('a body whole in memory is sent again as it is', async (t) => {
  const house = createHouse()
  const visit = house.visit({ body: Buffer.from('whole') })
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(await visit.attempt(1).readBody(), 'whole')
})

t.test('the memory of a replay is given back when the replay ends before its body', async (t) => {
  const endings = {
    'an early answer': (visit: Visit) => visit.attempt(1).answer(GRANTED),
    'a transport error': (visit: Visit) => visit.attempt(1).fail(),
  }
  for (const [name, endReplay] of Object.entries(endings)) {
    const house = createHouse()
    const visit = house.visit({ body: streamOf('one,', 'two') })
    await visit.attempt(0).readBody()
    visit.attempt(0).answer(challenge('llama:new'))
    t.ok(house.memory.bytesInUse > 0, name)
    house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
    await settle()
    endReplay(visit)
    t.equal(house.memory.bytesInUse, 0, name)
  }
})

t.test('a replay that cannot be dispatched gives the memory back', async (t) => {
  const house = createHouse()
  const visit = house.visit({ body: streamOf('one,', 'two'), failsFrom: 1 })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(visit.caller.error?.message, 'cannot be dispatched')
  t.equal(house.memory.bytesInUse, 0)
})

t.test('an answer that is no denial frees the record at its head', async (t) => {
  const house = createHouse()
  const body = new PassThrough()
  const visit = house.visit({ body })
  body.write('one,')
  await visit.attempt(0).readChunk()
  t.ok(house.memory.bytesInUse > 0)
  visit.attempt(0).head(GRANTED)
  t.equal(house.memory.bytesInUse, 0)
  body.end('two')
  t.equal(await visit.attempt(0).readBody(), 'two')
})

t.test(
  'a held denial stops the reading of the body, and its release goes on with it',
  async (t) => {
    const house = createHouse()
    const body = new PassThrough()
    const visit = house.visit({ body })
    body.write('one,')
    await visit.attempt(0).readChunk()
    visit.attempt(0).head(jsonDenial('llama:new'))
    body.end('two')
    let isRead = false
    const rest = visit.attempt(0).readBody()
    void rest.then(() => {
      isRead = true
    })
    await settle()
    t.equal(isRead, false)
    visit.attempt(0).data('x'.repeat(65_537))
    t.equal(await rest, 'two')
    t.equal(house.memory.bytesInUse, 0)
  },
)

t.test('nothing is recorded for a token that cannot be exchanged', async (t) => {
  const house = createHouse()
  house.tokens.unusable = 'expired'
  const visit = house.visit({ body: streamOf('one,', 'two') })
  t.equal(await visit.attempt(0).readBody(), 'one,two')
  t.equal(house.memory.bytesInUse, 0)
  visit.attempt(0).answer(challenge('llama:new'))
  t.match(visit.settlements[0], { outcome: 'subject-token-unusable', reason: 'expired' })
})

t.test('nothing is recorded on a route that is never replayed', async (t) => {
  const house = createHouse({ route: { isReplayable: false } })
  const visit = house.visit({ body: streamOf('one,', 'two') })
  t.equal(await visit.attempt(0).readBody(), 'one,two')
  t.equal(house.memory.bytesInUse, 0)
})
