import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createReplayMemory } from '../../../src/step-up/replay-memory.ts'
import { genuine } from './owners.ts'

t.test('one request is bounded', async (t) => {
  const lease = createReplayMemory({ maxBytes: 1_000, totalBytes: 100_000 }).lease(genuine('alice'))
  t.equal(lease.take(1_000), true)
  t.equal(lease.take(1), false)
})

t.test('one caller has at most a quarter, in whatever number of requests', async (t) => {
  const memory = createReplayMemory({ maxBytes: 1_000, totalBytes: 4_003 })
  t.equal(memory.lease(genuine('alice')).take(600), true)
  const second = memory.lease(genuine('alice'))
  t.equal(second.take(401), false)
  t.equal(second.take(400), true)
  t.equal(memory.lease(genuine('bob')).take(1_000), true)
})

t.test('all requests together are bounded', async (t) => {
  const memory = createReplayMemory({ maxBytes: 1_000, totalBytes: 4_000 })
  for (const owner of ['a', 'b', 'c']) t.equal(memory.lease(genuine(owner)).take(1_000), true)
  const last = memory.lease(genuine('d'))
  t.equal(last.take(700), true)
  t.equal(memory.lease(genuine('e')).take(301), false)
  t.equal(memory.lease(genuine('e')).take(300), true)
  t.equal(memory.bytesInUse, 4_000)
  last.release()
  last.release()
  t.equal(memory.bytesInUse, 3_300)
})

t.test('tiny chunks are charged for their objects, large ones for their bytes', async (t) => {
  const memory = createReplayMemory({ maxBytes: 10_000, totalBytes: 100_000 })
  const lease = memory.lease(genuine('alice'))
  lease.take(1)
  t.equal(memory.bytesInUse, 256)
  lease.take(0)
  t.equal(memory.bytesInUse, 512)
  lease.take(2_000)
  t.equal(memory.bytesInUse, 2_001)
  lease.take(1)
  t.equal(memory.bytesInUse, 2_002)
  lease.release()
  t.equal(memory.bytesInUse, 0)
})

/** By the book: what the leases of ten requests of four owners hold. */
function createBook() {
  const chunks: number[][] = Array.from({ length: 10 }, () => [])
  const cost = (sizes: readonly number[]) =>
    Math.max(
      sizes.reduce((sum, size) => sum + size, 0),
      256 * sizes.length,
    )
  return {
    chunks,
    cost,
    all: () => chunks.reduce((sum, sizes) => sum + cost(sizes), 0),
    of: (owner: number) =>
      chunks.reduce((sum, sizes, i) => sum + (i % 4 === owner ? cost(sizes) : 0), 0),
  }
}

t.test('the bounds hold in any order of use, and everything is given back', async (t) => {
  const step = fc.record({
    request: fc.nat(9),
    bytes: fc.option(fc.nat(1_500), { nil: undefined, freq: 4 }),
  })
  const bounds = { maxBytes: 2_500, totalBytes: 14_000 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const memory = createReplayMemory(bounds)
      const book = createBook()
      const leases = book.chunks.map((_, i) => memory.lease(genuine(`owner ${i % 4}`)))
      for (const { request, bytes } of steps) {
        const sizes = book.chunks[request] ?? []
        if (bytes === undefined) {
          leases[request]?.release()
          leases[request] = memory.lease(genuine(`owner ${request % 4}`))
          book.chunks[request] = []
        } else {
          const cost = book.cost([...sizes, bytes])
          const more = cost - book.cost(sizes)
          const fits =
            cost <= 2_500 && book.of(request % 4) + more <= 3_500 && book.all() + more <= 14_000
          assert.equal(leases[request]?.take(bytes), fits)
          if (fits) sizes.push(bytes)
        }
        assert.equal(memory.bytesInUse, book.all())
      }
      for (const lease of leases) lease.release()
      assert.equal(memory.bytesInUse, 0)
      assert.equal(memory.lease(genuine('owner 0')).take(2_500), true)
    }),
  )
  t.pass('no counterexample')
})

t.test('tokens that nobody has checked share one quarter, however many they are', async (t) => {
  const memory = createReplayMemory({ maxBytes: 1_000, totalBytes: 4_000 })
  const isChecked = new Set<string>()
  const owner = (name: string) => ({ name, isAuthentic: () => isChecked.has(name) })
  const forged = ['a', 'b', 'c', 'd'].map((name) => memory.lease(owner(name)))
  t.same(
    forged.map((lease) => lease.take(500)),
    [true, true, false, false],
  )
  const honest = memory.lease(owner('honest'))
  t.equal(honest.take(500), false)
  isChecked.add('honest')
  t.equal(honest.take(1_000), true, 'once its signature is known to be good it has its own')
  for (const lease of [...forged, honest]) lease.release()
  t.equal(memory.bytesInUse, 0)
  t.equal(memory.lease(owner('e')).take(1_000), true)
})

t.test('what a caller had before its token was checked counts as its own afterwards', async (t) => {
  const memory = createReplayMemory({ maxBytes: 2_000, totalBytes: 4_000 })
  let isChecked = false
  const lease = memory.lease({ name: 'a', isAuthentic: () => isChecked })
  t.equal(lease.take(600), true)
  isChecked = true
  t.equal(lease.take(400), true)
  t.equal(lease.take(1), false, 'a quarter is a quarter')
  t.equal(memory.lease({ name: 'b', isAuthentic: () => false }).take(1_000), true)
  lease.release()
  t.equal(memory.lease({ name: 'a', isAuthentic: () => true }).take(1_000), true)
})
