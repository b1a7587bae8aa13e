import fc from 'fast-check'
import { createReplayBody } from '../../../src/step-up/replay-body.ts'
import { createReplayMemory } from '../../../src/step-up/replay-memory.ts'
import { createTarget } from '../target.ts'

type Step = 'read' | 'pause' | 'resume' | 'turn' | 'stop' | 'replay' | 'close'

const STEPS = fc.array(
  fc.constantFrom<Step>(
    'read',
    'read',
    'read',
    'pause',
    'resume',
    'turn',
    'stop',
    'replay',
    'close',
  ),
  {
    maxLength: 30,
  },
)
const SIZES = fc.array(fc.oneof(fc.nat(4), fc.nat(900)), { maxLength: 14 })

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function* sourceOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const [i, chunk] of chunks.entries()) {
    if (i % 3 === 1) await turn()
    yield chunk
  }
}

/** Any chunks, any moment of the denial, any order of what may be asked of a body: each attempt sends a true beginning. */
export const replayBodies = createTarget('replay-bodies', 3, () =>
  fc.asyncProperty(
    SIZES,
    fc.integer({ min: 0, max: 6000 }),
    STEPS,
    async (sizes, maxBytes, steps) => {
      let next = 0
      const chunks = sizes.map((size) =>
        Buffer.from(Array.from({ length: size }, () => (next++ * 7) % 251)),
      )
      const whole = Buffer.concat(chunks)
      const memory = createReplayMemory({ maxBytes, totalBytes: 4 * 6000 })
      const body = createReplayBody({
        source: sourceOf(chunks),
        lease: memory.lease({ name: 'owner', isAuthentic: () => true }),
      })
      const attempts = [createAttempt(body.first())]
      let isSound = true
      for (const step of steps) {
        const current = attempts.at(-1)
        if (step === 'read') void current?.read()
        else if (step === 'pause') body.pause()
        else if (step === 'resume') body.resume()
        else if (step === 'stop') body.stopRecording()
        else if (step === 'close') body.close()
        else if (step === 'turn') await turn()
        else if (body.isReplayable && attempts.length === 1)
          attempts.push(createAttempt(body.replay()))
        isSound &&= memory.bytesInUse <= Math.max(maxBytes, 0)
      }
      const isClosed = steps.includes('close')
      body.resume()
      for (const attempt of attempts) await attempt.drain()
      isSound &&= attempts.every(({ bytes }) => whole.subarray(0, bytes().length).equals(bytes()))
      if (!isClosed) isSound &&= attempts.at(-1)?.bytes().equals(whole) === true
      body.close()
      return isSound && memory.bytesInUse === 0
    },
  ),
)

/** Reads one at a time, as a transport does, and remembers what came. */
function createAttempt(iterable: AsyncIterable<Buffer>) {
  const iterator = iterable[Symbol.asyncIterator]()
  const received: Buffer[] = []
  let hasEnded = false
  let reading: Promise<void> = Promise.resolve()
  async function readOne(): Promise<void> {
    if (hasEnded) return
    try {
      const { done, value } = await iterator.next()
      if (done === true) hasEnded = true
      else received.push(Buffer.from(value))
    } catch {
      hasEnded = true
    }
  }
  function read(): Promise<void> {
    reading = reading.then(readOne)
    return reading
  }
  return {
    read,
    async drain(): Promise<void> {
      while (!hasEnded) await read()
    },
    bytes: () => Buffer.concat(received),
  }
}
