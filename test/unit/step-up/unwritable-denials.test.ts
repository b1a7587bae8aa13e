import { mock } from 'node:test'
import t from 'tap'
import { challenge, jsonDenial } from './denials.ts'
import { createHouse, settle } from './house.ts'

// A head that the relay cannot write (an ambiguous framing, a control character in the reason) comes from the upstream,
// and must end no more than this one request.

class UnwritableError extends Error {}

function refuseHeads(): void {
  throw new UnwritableError('this head cannot be written')
}

t.test('an unwritable denial that breaks off reaches the caller as an error', async (t) => {
  const visit = createHouse().visit({ onHead: refuseHeads })
  visit.attempt(0).head(challenge('llama:new'))
  visit.attempt(0).data('den')
  visit.attempt(0).fail(new Error('broken off'))
  t.equal(visit.caller.error?.message, 'broken off')
  t.equal(visit.caller.body, '')
})

t.test('an unwritable denial that is slow aborts its attempt, not the process', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const visit = createHouse().visit({ onHead: refuseHeads })
  visit.attempt(0).head(jsonDenial('llama:new'))
  mock.timers.tick(5_000)
  t.equal(visit.attempt(0).controller.aborted, true)
  t.ok(visit.attempt(0).controller.reason instanceof UnwritableError)
})

t.test('whatever is thrown at a slow denial, its attempt is aborted with an error', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const visit = createHouse().visit({
    onHead: () => {
      throw 'no error at all'
    },
  })
  visit.attempt(0).head(jsonDenial('llama:new'))
  mock.timers.tick(5_000)
  t.ok(visit.attempt(0).controller.reason instanceof Error)
})

t.test('an unwritable denial that has ended reaches the caller as an error', async (t) => {
  const visit = createHouse().visit({ onHead: refuseHeads })
  visit.attempt(0).answer({ status: 403, body: 'no' })
  await settle()
  t.ok(visit.caller.error instanceof UnwritableError)
})
