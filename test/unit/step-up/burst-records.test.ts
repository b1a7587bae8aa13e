import { PassThrough } from 'node:stream'
import t from 'tap'
import { challenge } from './denials.ts'
import { issued } from './fake-tokens.ts'
import type { House } from './house.ts'
import { createHouse, settle } from './house.ts'

t.test('a record that bursts during the exchange is not replayed from its middle', async (t) => {
  const house = createHouse({ replay: { maxBytes: 600, totalBytes: 10_000 } })
  const body = new PassThrough()
  const visit = house.visit({ body })
  body.write('a'.repeat(500))
  await visit.attempt(0).readChunk()
  const pending = visit
    .attempt(0)
    .readChunk()
    .catch(() => 'destroyed')
  await settle()
  visit.attempt(0).answer(challenge('llama:new'))
  body.write('b'.repeat(500))
  await settle()
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  t.equal(visit.attempts.length, 1)
  t.equal(visit.caller.status, 403)
  t.equal(visit.caller.body, 'denied')
  t.match(visit.settlements[0], { outcome: 'body-not-replayable', reason: 'body-too-large' })
  t.same(learnedOf(house), ['llama:new'])
  t.equal(house.memory.bytesInUse, 0)
  body.destroy()
  await pending
})

t.test('a record that bursts under a held denial costs no exchange any more', async (t) => {
  const house = createHouse({ replay: { maxBytes: 600, totalBytes: 10_000 } })
  const body = new PassThrough()
  const visit = house.visit({ body })
  body.write('a'.repeat(500))
  await visit.attempt(0).readChunk()
  const pending = visit
    .attempt(0)
    .readChunk()
    .catch(() => 'destroyed')
  await settle()
  visit.attempt(0).head(challenge('llama:new'))
  const asked = house.tokens.onlyAsked()
  body.write('b'.repeat(500))
  await settle()
  visit.attempt(0).end()
  await settle()
  t.equal(visit.caller.status, 403)
  t.match(visit.settlements[0], { outcome: 'body-not-replayable' })
  t.equal(asked.signal.aborted, true)
  body.destroy()
  await pending
})

function learnedOf({ learning, subject }: House) {
  return subject === undefined ? undefined : learning.recall(subject, 'POST', '/v1/things')
}
