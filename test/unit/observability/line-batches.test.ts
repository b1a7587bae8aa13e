import t from 'tap'
import { createLineBatches } from '../../../src/observability/line-batches.ts'

function start(maxDelayMs: number) {
  const written: string[] = []
  let flushes = 0
  const output = {
    write: (text: string) => void written.push(text),
    flush(done: () => void) {
      flushes += 1
      done()
    },
  }
  const batches = createLineBatches(output, { maxCharacters: 10, maxDelayMs })
  return { batches, written, flushes: () => flushes }
}

const NEVER_MS = 1_000_000

t.test('lines are handed over together, in their order, when they are long enough', async (t) => {
  const { batches, written } = start(NEVER_MS)
  for (const line of ['one\n', 'two\n']) batches.write(line)
  t.same(written, [])
  batches.write('three\n')
  t.same(written, ['one\ntwo\nthree\n'])
  batches.write('a line that is longer than a batch\n')
  t.equal(written.length, 2)
})

t.test('a line alone is handed over after the delay', async (t) => {
  const { batches, written } = start(5)
  batches.write('one\n')
  while (written.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  t.same(written, ['one\n'])
  batches.write('two\n')
  while (written.length === 1) await new Promise((resolve) => setTimeout(resolve, 1))
  t.same(written, ['one\n', 'two\n'])
})

t.test('a flush hands over what is held back, then flushes the output', async (t) => {
  const { batches, written, flushes } = start(NEVER_MS)
  batches.write('one\n')
  await new Promise<void>((resolve) => batches.flush(() => resolve()))
  t.same(written, ['one\n'])
  batches.flush()
  t.same(written, ['one\n'], 'an empty batch is none')
  t.equal(flushes(), 2)
})
