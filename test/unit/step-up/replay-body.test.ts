import t from 'tap'
import { createReplayBody } from '../../../src/step-up/replay-body.ts'
import { createReplayMemory } from '../../../src/step-up/replay-memory.ts'
import { settle } from './house.ts'
import { genuine } from './owners.ts'

/** A source whose chunks arrive when the test says so. */
function createSource() {
  const arrived: (Buffer | Error | undefined)[] = []
  let wake = () => {}
  let reads = 0
  async function* source(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      reads += 1
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const next = arrived.shift()
      if (next === undefined) return
      if (next instanceof Error) throw next
      yield next
    }
  }
  function arrive(next: Buffer | Error | undefined): void {
    arrived.push(next)
    wake()
  }
  return {
    source: source(),
    chunk: (text: string) => arrive(Buffer.from(text)),
    end: () => arrive(undefined),
    fail: (error: Error) => arrive(error),
    get reads() {
      return reads
    },
  }
}

function createBody(maxBytes = 1_000) {
  const memory = createReplayMemory({ maxBytes, totalBytes: 4 * maxBytes })
  const source = createSource()
  const body = createReplayBody({ source: source.source, lease: memory.lease(genuine('owner')) })
  return { memory, source, body }
}

async function readAll(reader: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of reader) text += chunk.toString()
  return text
}

function stepsOf(reader: AsyncIterable<Buffer>): () => Promise<string | undefined> {
  const iterator = reader[Symbol.asyncIterator]()
  return async () => {
    const { done, value } = await iterator.next()
    return done === true ? undefined : String(value)
  }
}

t.test('recording does not delay a chunk', async (t) => {
  const { body, source } = createBody()
  const next = stepsOf(body.first())
  source.chunk('a')
  t.equal(await next(), 'a')
  source.chunk('b')
  t.equal(await next(), 'b')
  source.end()
  t.equal(await next(), undefined)
})

t.test('beyond the bound the first attempt streams on, and the memory is given back', async (t) => {
  const { body, source, memory } = createBody(600)
  const next = stepsOf(body.first())
  for (const chunk of ['a', 'b', 'c', 'd']) {
    source.chunk(chunk)
    t.equal(await next(), chunk)
  }
  t.equal(body.isReplayable, false)
  t.equal(memory.bytesInUse, 0)
  source.end()
  t.equal(await next(), undefined)
})

t.test('a chunk that arrives after its attempt was stopped belongs to the replay', async (t) => {
  const { body, source } = createBody()
  const first = stepsOf(body.first())
  source.chunk('a')
  await first()
  const stopped = t.rejects(first(), { name: 'AttemptStoppedError' })
  const replayed = readAll(body.replay())
  source.chunk('b')
  source.end()
  await stopped
  t.equal(await replayed, 'ab')
})

t.test('while it is paused nothing is taken from the source', async (t) => {
  const { body, source } = createBody()
  const first = stepsOf(body.first())
  source.chunk('a')
  await first()
  body.pause()
  body.pause()
  const next = first()
  source.chunk('b')
  await settle()
  t.equal(source.reads, 1)
  body.resume()
  t.equal(await next, 'b')
})

t.test('a replay begins although its first attempt was paused', async (t) => {
  const { body, source } = createBody()
  const first = stepsOf(body.first())
  source.chunk('a')
  await first()
  body.pause()
  const waiting = t.rejects(first(), { name: 'AttemptStoppedError' })
  source.end()
  t.equal(await readAll(body.replay()), 'a')
  await waiting
})

t.test('a broken source reaches the attempt that reads', async (t) => {
  const { body, source } = createBody()
  const next = stepsOf(body.first())
  source.chunk('a')
  await next()
  source.fail(new Error('the caller left'))
  await t.rejects(next(), { message: 'the caller left' })
})

t.test('a broken source never looks like the end of a replay', async (t) => {
  const { body, source } = createBody()
  const next = stepsOf(body.first())
  source.chunk('a')
  await next()
  source.fail(new Error('the caller left'))
  await t.rejects(next(), { message: 'the caller left' })
  const replay = stepsOf(body.replay())
  t.equal(await replay(), 'a')
  await t.rejects(replay(), { message: 'the caller left' })
})

t.test('an empty body is replayed as an empty body', async (t) => {
  const { body, source, memory } = createBody()
  source.end()
  t.equal(await readAll(body.first()), '')
  t.equal(await readAll(body.replay()), '')
  t.equal(memory.bytesInUse, 0)
})

t.test('what has been replayed is no longer charged, and cannot be replayed again', async (t) => {
  const { body, source, memory } = createBody()
  source.chunk('a')
  source.end()
  await readAll(body.first())
  t.equal(body.isReplayable, true)
  const replay = body.replay()
  t.equal(body.isReplayable, false)
  t.equal(memory.bytesInUse, 256)
  await readAll(replay)
  t.equal(memory.bytesInUse, 0)
})

t.test('closing stops a reader, also a paused one, and gives the memory back', async (t) => {
  const { body, source, memory } = createBody()
  const next = stepsOf(body.first())
  source.chunk('a')
  await next()
  body.pause()
  const waiting = t.rejects(next(), { name: 'AttemptStoppedError' })
  body.close()
  await waiting
  t.equal(body.isReplayable, false)
  t.equal(memory.bytesInUse, 0)
})

t.test('a recording is stopped only once, and does not lose an unread chunk', async (t) => {
  const { body, source, memory } = createBody()
  const next = stepsOf(body.first())
  source.chunk('a')
  await next()
  const pending = next()
  source.chunk('b')
  body.stopRecording()
  body.stopRecording()
  t.equal(await pending, 'b')
  t.equal(memory.bytesInUse, 0)
  source.end()
  t.equal(await next(), undefined)
})
