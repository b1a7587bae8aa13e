import t from 'tap'
import type { CircuitBreaker, Liveness } from '../../../src/token-exchange/circuit-breaker.ts'
import { createCircuitBreaker, OPEN } from '../../../src/token-exchange/circuit-breaker.ts'
import { createClock } from './exchange-harness.ts'

function createSubject() {
  const clock = createClock()
  const changes: string[] = []
  const breaker = createCircuitBreaker({
    monotonicNow: clock.monotonicNow,
    onChange: (state) => void changes.push(state),
  })
  return { clock, changes, breaker }
}

async function run(breaker: CircuitBreaker, liveness: Liveness, times = 1) {
  const results: unknown[] = []
  for (let count = 0; count < times; count += 1) {
    results.push(
      await breaker.run(
        async () => liveness,
        (result) => result,
      ),
    )
  }
  return results.at(-1)
}

/** A call that is under way until it is told how it ends. */
function begin(breaker: CircuitBreaker) {
  let finish = (_liveness: Liveness) => {}
  const call = () =>
    new Promise<Liveness>((resolve) => {
      finish = resolve
    })
  const result = breaker.run(call, (liveness) => liveness)
  return {
    async finish(liveness: Liveness) {
      finish(liveness)
      await result
    },
  }
}

t.test('five failures in a row open it for 5 s', async (t) => {
  const { breaker, clock, changes } = createSubject()
  t.equal(await run(breaker, 'down', 5), 'down')
  t.equal(await run(breaker, 'alive'), OPEN)
  t.equal(breaker.retryAfterS(), 5)
  clock.advance(4001)
  t.equal(breaker.retryAfterS(), 1)
  clock.advance(998)
  t.equal(await run(breaker, 'alive'), OPEN)
  t.same(changes, ['open'])
})

t.test('an answer in between begins the row anew', async (t) => {
  const { breaker } = createSubject()
  await run(breaker, 'down', 4)
  await run(breaker, 'alive')
  t.equal(await run(breaker, 'down', 4), 'down')
  t.equal(await run(breaker, 'alive'), 'alive')
  t.equal(breaker.retryAfterS(), 1)
})

t.test('a call that was given up says nothing', async (t) => {
  const { breaker } = createSubject()
  await run(breaker, 'down', 4)
  await run(breaker, 'unknown', 3)
  t.equal(await run(breaker, 'down'), 'down')
  t.equal(await run(breaker, 'alive'), OPEN)
})

t.test('after 5 s one probe alone is sent; its answer closes it', async (t) => {
  const { breaker, clock, changes } = createSubject()
  await run(breaker, 'down', 5)
  clock.advance(5000)
  const probe = begin(breaker)
  t.equal(await run(breaker, 'alive'), OPEN, 'everybody else waits')
  t.equal(breaker.retryAfterS(), 1)
  await probe.finish('alive')
  t.equal(await run(breaker, 'alive'), 'alive')
  t.same(changes, ['open', 'closed'])
})

t.test('a failed probe opens it for another 5 s', async (t) => {
  const { breaker, clock, changes } = createSubject()
  await run(breaker, 'down', 5)
  clock.advance(5000)
  t.equal(await run(breaker, 'down'), 'down')
  t.equal(breaker.retryAfterS(), 5)
  t.equal(await run(breaker, 'alive'), OPEN)
  t.same(changes, ['open'], 'it was never closed in between')
})

t.test('a probe that was given up leaves its place to the next', async (t) => {
  const { breaker, clock } = createSubject()
  await run(breaker, 'down', 5)
  clock.advance(5000)
  await run(breaker, 'unknown')
  t.equal(await run(breaker, 'alive'), 'alive')
})

t.test('a call that throws does not keep the place of the probe', async (t) => {
  const { breaker, clock } = createSubject()
  await run(breaker, 'down', 5)
  clock.advance(5000)
  const broken = async (): Promise<Liveness> => {
    throw new Error('broken')
  }
  await t.rejects(breaker.run(broken, () => 'alive'))
  t.equal(await run(breaker, 'alive'), 'alive')
})

t.test('calls begun before it opened do not lengthen the wait', async (t) => {
  const { breaker, clock } = createSubject()
  const early = [begin(breaker), begin(breaker)]
  await run(breaker, 'down', 5)
  clock.advance(3000)
  await early[0]?.finish('down')
  t.equal(breaker.retryAfterS(), 2)
  await early[1]?.finish('alive')
  t.equal(await run(breaker, 'alive'), 'alive', 'but an answer closes it')
})
