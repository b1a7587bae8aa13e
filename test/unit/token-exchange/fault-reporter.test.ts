import t from 'tap'
import { createProblems } from '../../../src/observability/problems.ts'
import { createFaultReporter } from '../../../src/token-exchange/fault-reporter.ts'

function createSubject() {
  const problems = createProblems()
  const errors: string[] = []
  const silent = () => {}
  const error = (_details: unknown, message: string) => void errors.push(message)
  const log = { error, warn: silent, info: silent, debug: silent }
  return { problems, errors, reporter: createFaultReporter(log, problems) }
}

t.test('a fault is logged once per change and stands until it is cleared', async (t) => {
  const { problems, errors, reporter } = createSubject()
  for (const sentence of ['one', 'one', 'two', 'two']) reporter.raise('id', 'fault', sentence)
  t.same(errors, ['one', 'two'])
  t.same(problems.list(), ['two'])
  reporter.clear('id')
  reporter.clear('id')
  t.same(problems.list(), [])
  reporter.raise('id', 'fault', 'two')
  t.same(errors, ['one', 'two', 'two'])
})

t.test('only so many faults stand at once', async (t) => {
  const { problems, reporter } = createSubject()
  for (let count = 0; count < 40; count += 1) reporter.raise(`id ${count}`, 'fault', `s ${count}`)
  t.equal(problems.list().length, 32)
  t.ok(problems.list().includes('s 39'))
})
