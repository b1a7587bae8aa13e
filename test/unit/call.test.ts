import t from 'tap'
import type { Settlement } from '../../src/call.ts'
import { Call, isCallDispatch } from '../../src/call.ts'

function createCall() {
  const settled: [Call, Settlement][] = []
  const call = new Call({
    requestId: 'r-1',
    method: 'GET',
    path: '/p',
    subject: undefined,
    startedAt: 5,
    onSettled: (...args) => settled.push(args),
  })
  return { call, settled }
}

t.test('a call knows what the relay has read', async (t) => {
  const { call } = createCall()
  t.match(call, { requestId: 'r-1', method: 'GET', path: '/p', startedAt: 5 })
  t.equal(call.subject, undefined)
  t.equal(call.outcome, undefined)
  t.equal(call.issued, undefined)
})

t.test('the last word before the head is written stands, and is published once', async (t) => {
  const { call, settled } = createCall()
  call.settle({ outcome: 'forwarded' })
  call.settle({ outcome: 'upstream-unavailable', reason: 'reset' })
  t.equal(call.outcome, 'upstream-unavailable')
  call.publish()
  call.settle({ outcome: 'forwarded' })
  call.publish()
  t.same(
    settled.map(([, settlement]) => settlement),
    [{ outcome: 'upstream-unavailable', reason: 'reset' }],
  )
  t.equal(settled[0]?.[0], call)
})

t.test('a call that is not settled publishes nothing', async (t) => {
  const { call, settled } = createCall()
  call.publish()
  t.same(settled, [])
  call.settle({ outcome: 'forwarded' })
  call.publish()
  t.equal(settled.length, 1)
})

t.test('who waits for a call is told when the caller leaves', async (t) => {
  const { call } = createCall()
  const told: string[] = []
  call.abandon('caller-left')
  t.equal(call.isAbandoned, true)
  call.onAbandoned = () => told.push('late')
  t.same(told, ['late'])
  call.onAbandoned = undefined
  call.abandon('caller-left')
  t.same(told, ['late'])
})

t.test('a failure keeps what was known of the step-up', async (t) => {
  const { call, settled } = createCall()
  call.settle({ outcome: 'stepped-up', scopesNeeded: ['a'], exchangeMs: 1 })
  call.fail('ECONNRESET')
  call.publish()
  const kept = { outcome: 'upstream-unavailable', reason: 'ECONNRESET', scopesNeeded: ['a'] }
  t.same(
    settled.map(([, settlement]) => settlement),
    [{ ...kept, exchangeMs: 1 }],
  )
})

t.test('only the last one who waits is told', async (t) => {
  const { call } = createCall()
  const told: string[] = []
  call.onAbandoned = () => told.push('first')
  call.onAbandoned = () => told.push('second')
  t.equal(call.isAbandoned, false)
  t.same(told, [])
  call.abandon('caller-left')
  t.same(told, ['second'])
})

t.test('a dispatch is a call only if it brings one', async (t) => {
  const plain = { path: '/', method: 'GET' } as const
  t.equal(isCallDispatch(plain), false)
  const fake = { ...plain, call: { method: 'GET' } }
  t.equal(isCallDispatch(fake), false)
  const real = { ...plain, call: createCall().call }
  t.equal(isCallDispatch(real), true)
})
