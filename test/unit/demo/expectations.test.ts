import t from 'tap'
import { createExpectations } from '../../../demo/expectations.ts'

t.test('what does not hold is reported at once and kept', async (t) => {
  const reported: string[] = []
  const expectations = createExpectations((sentence) => void reported.push(sentence))
  expectations.expect('one', true)
  expectations.expect('two', false)
  expectations.expect('three', true)
  t.equal(expectations.held, 2)
  t.same(expectations.failures, ['two'])
  t.same(reported, ['two'])
})
