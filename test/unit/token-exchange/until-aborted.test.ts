import t from 'tap'
import { ABORTED, untilAborted } from '../../../src/token-exchange/until-aborted.ts'

t.test('the result is handed on, and so is the error', async (t) => {
  const { signal } = new AbortController()
  t.equal(await untilAborted(Promise.resolve(7), signal), 7)
  await t.rejects(untilAborted(Promise.reject(new Error('broken')), signal), /broken/)
})

t.test('an abort ends the wait, and what the promise does then is nobody’s error', async (t) => {
  const controller = new AbortController()
  let fail = (_error: Error) => {}
  const promise = new Promise<number>((_resolve, reject) => {
    fail = reject
  })
  const waits = [untilAborted(promise, controller.signal)]
  controller.abort()
  waits.push(untilAborted(promise, controller.signal))
  t.same(await Promise.all(waits), [ABORTED, ABORTED])
  fail(new Error('late'))
  await new Promise((resolve) => setImmediate(resolve))
})
