import t from 'tap'
import { readErrorCode } from '../../src/error-code.ts'

t.test('an error is named by its code, else by its kind, and never by its message', async (t) => {
  t.equal(readErrorCode(Object.assign(new Error('secret'), { code: 'ENOENT' })), 'ENOENT')
  t.equal(readErrorCode(new TypeError('secret')), 'TypeError')
  for (const code of [undefined, 7]) {
    t.equal(readErrorCode(Object.assign(new RangeError('secret'), { code })), 'RangeError')
  }
  t.equal(readErrorCode('secret'), 'unknown')
  t.equal(readErrorCode(undefined), 'unknown')
})
