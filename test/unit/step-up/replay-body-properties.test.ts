import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createReplayBody } from '../../../src/step-up/replay-body.ts'
import { createReplayMemory } from '../../../src/step-up/replay-memory.ts'
import { genuine } from './owners.ts'

interface Plan {
  /** Sizes of the chunks, 0 too. */
  readonly sizes: readonly number[]
  readonly maxBytes: number
  /** What the source breaks before, if it does. */
  readonly breaksBefore: number | undefined
  /** After so many chunks of the first attempt the denial comes. */
  readonly deniedAfter: number
  /** Whether the first attempt has asked for one more chunk by then. */
  readonly hasPending: boolean
  readonly isPaused: boolean
  readonly end: 'replay' | 'resume' | 'stop' | 'close'
}

const PLAN: fc.Arbitrary<Plan> = fc.record({
  sizes: fc.array(fc.nat(700), { maxLength: 12 }),
  maxBytes: fc.integer({ min: 0, max: 6_000 }),
  breaksBefore: fc.option(fc.nat(12), { nil: undefined, freq: 3 }),
  deniedAfter: fc.nat(13),
  hasPending: fc.boolean(),
  isPaused: fc.boolean(),
  end: fc.constantFrom('replay', 'resume', 'stop', 'close'),
})

class BrokenSource extends Error {}

function chunksOf({ sizes }: Plan): Buffer[] {
  let next = 0
  return sizes.map((size) => Buffer.from(Array.from({ length: size }, () => (next++ * 7) % 251)))
}

async function* sourceOf(plan: Plan): AsyncGenerator<Buffer, void, undefined> {
  for (const [i, chunk] of chunksOf(plan).entries()) {
    // Each chunk is late by a turn of the event loop, so that reads are really under way.
    await new Promise((resolve) => setImmediate(resolve))
    if (i === plan.breaksBefore) throw new BrokenSource()
    yield chunk
  }
}

interface Reading {
  readonly bytes: Buffer[]
  /** `broken`: by the source; `stopped`: by its replacement. */
  ending: 'open' | 'ended' | 'broken' | 'stopped'
}

async function readOn(
  iterator: AsyncIterator<Buffer>,
  reading: Reading,
  maxChunks: number,
): Promise<void> {
  for (let i = 0; i < maxChunks && reading.ending === 'open'; i += 1) {
    try {
      const { done, value } = await iterator.next()
      if (done === true) reading.ending = 'ended'
      else reading.bytes.push(value)
    } catch (error) {
      reading.ending = error instanceof BrokenSource ? 'broken' : 'stopped'
    }
  }
}

interface Run {
  readonly first: Reading
  readonly replay: Reading | undefined
  readonly bytesInUse: number
  readonly peakBytes: number
}

async function run(plan: Plan): Promise<Run> {
  const memory = createReplayMemory({ maxBytes: plan.maxBytes, totalBytes: 100_000 })
  const body = createReplayBody({ source: sourceOf(plan), lease: memory.lease(genuine('owner')) })
  const first: Reading = { bytes: [], ending: 'open' }
  const iterator = body.first()[Symbol.asyncIterator]()
  await readOn(iterator, first, plan.deniedAfter)
  const pending = plan.hasPending ? readOn(iterator, first, 1) : undefined
  if (plan.isPaused) body.pause()
  const peakBytes = memory.bytesInUse
  let replay: Reading | undefined
  if (plan.end === 'replay' && body.isReplayable) {
    replay = { bytes: [], ending: 'open' }
    await readOn(body.replay()[Symbol.asyncIterator](), replay, Number.POSITIVE_INFINITY)
  } else if (plan.end === 'stop') body.stopRecording()
  else if (plan.end === 'close') body.close()
  body.resume()
  await pending
  await readOn(iterator, first, Number.POSITIVE_INFINITY)
  if (replay === undefined && plan.end !== 'stop') body.close()
  return { first, replay, bytesInUse: memory.bytesInUse, peakBytes }
}

function check(plan: Plan, { first, replay, bytesInUse, peakBytes }: Run): void {
  const isBroken = plan.breaksBefore !== undefined && plan.breaksBefore < plan.sizes.length
  const sent = Buffer.concat(chunksOf(plan).slice(0, isBroken ? plan.breaksBefore : undefined))
  const firstBytes = Buffer.concat(first.bytes)
  assert.ok(sent.subarray(0, firstBytes.length).equals(firstBytes), 'the first attempt is intact')
  assert.ok(peakBytes <= plan.maxBytes, 'the bound holds')
  if (replay !== undefined) {
    assert.ok(Buffer.concat(replay.bytes).equals(sent), 'the replay is whole')
    assert.equal(replay.ending, isBroken ? 'broken' : 'ended')
  } else if (plan.end !== 'close') {
    assert.ok(firstBytes.equals(sent), 'the first attempt goes on to the end')
    assert.equal(first.ending, isBroken ? 'broken' : 'ended')
  }
  assert.equal(bytesInUse, 0, 'all memory is given back')
}

t.test(
  'whatever arrives and whenever it is denied, each attempt sends the very bytes',
  async (t) => {
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', onUnhandled)
    t.teardown(() => process.off('unhandledRejection', onUnhandled))
    let replays = 0
    let bursts = 0
    await fc.assert(
      fc.asyncProperty(PLAN, async (plan) => {
        const outcome = await run(plan)
        if (outcome.replay !== undefined) replays += 1
        else if (plan.end === 'replay') bursts += 1
        check(plan, outcome)
      }),
      { numRuns: 800 },
    )
    await new Promise((resolve) => setImmediate(resolve))
    t.same(unhandled, [])
    t.ok(replays > 0, `${replays} plans were replayed`)
    t.ok(bursts > 0, `${bursts} plans burst their bound`)
  },
)
