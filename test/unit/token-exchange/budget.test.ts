import t from 'tap'
import { createBudget } from '../../../src/token-exchange/budget.ts'
import { createClock } from './exchange-harness.ts'

t.test('each subject has its own exchanges per minute', async (t) => {
  const clock = createClock()
  const budget = createBudget({ perMinute: 2, perSecond: 0, monotonicNow: clock.monotonicNow })
  t.same([budget.take('alice'), budget.take('alice'), budget.take('alice')], [true, true, false])
  t.equal(budget.take('bob'), true)
  clock.advance(59_999)
  t.equal(budget.take('alice'), false)
  clock.advance(1)
  t.equal(budget.take('alice'), true)
})

t.test('all subjects share the exchanges per second', async (t) => {
  const clock = createClock()
  const budget = createBudget({ perMinute: 1, perSecond: 2, monotonicNow: clock.monotonicNow })
  t.same([budget.take('a'), budget.take('b'), budget.take('c')], [true, true, false])
  clock.advance(1000)
  t.equal(budget.take('c'), true, 'what was refused has cost nothing')
  t.equal(budget.take('a'), false, 'its own minute is spent')
  t.equal(budget.take('d'), true, 'and cost nobody anything')
})

t.test('0 is no limit', async (t) => {
  const budget = createBudget({ perMinute: 0, perSecond: 0, monotonicNow: () => 0 })
  for (let count = 0; count < 1000; count += 1) budget.take('alice')
  t.equal(budget.take('alice'), true)
})
