import t from 'tap'
import { createProblems } from '../../../src/observability/problems.ts'
import type { Probe, ReadinessOptions } from '../../../src/observability/readiness.ts'
import { createReadiness } from '../../../src/observability/readiness.ts'
import { createClock } from '../../support/clock.ts'

const reachable: Probe = async () => undefined

function start(options: Partial<ReadinessOptions> = {}) {
  const clock = createClock()
  const problems = createProblems()
  const readiness = createReadiness({
    problems,
    requires: ['keycloak', 'upstream'],
    probes: { keycloak: reachable, upstream: reachable },
    probeTimeoutMs: 60_000,
    now: clock.now,
    ...options,
  })
  return { clock, problems, readiness }
}

t.test('without problems it is ok', async (t) => {
  t.same(await start().readiness(), { status: 'ok', problems: [], isReady: true })
})

t.test('a problem degrades it, but it stays ready', async (t) => {
  const { problems, readiness } = start()
  problems.report('policy-file', 'policy.yaml is broken')
  t.same(await readiness(), {
    status: 'degraded',
    problems: ['policy.yaml is broken'],
    isReady: true,
  })
})

t.test('a required peer that cannot be reached makes it unready', async (t) => {
  const probes = { keycloak: async () => 'Keycloak refuses connections', upstream: reachable }
  const { problems, readiness } = start({ probes })
  problems.report('x', 'something else')
  t.same(await readiness(), {
    status: 'degraded',
    problems: ['something else', 'Keycloak refuses connections'],
    isReady: false,
  })
})

t.test('a peer that is not required is never probed', async (t) => {
  let asked = 0
  const probe: Probe = async () => {
    asked += 1
    return 'down'
  }
  const { readiness } = start({ requires: [], probes: { keycloak: probe, upstream: probe } })
  t.equal((await readiness()).isReady, true)
  t.equal(asked, 0)
})

t.test('a probe that throws, at once or later, counts as unreachable', async (t) => {
  const keycloak: Probe = () => {
    throw new Error('token=opaque')
  }
  const upstream: Probe = async () => Promise.reject(new Error('token=opaque'))
  const { readiness } = start({ probes: { keycloak, upstream } })
  t.same((await readiness()).problems, ['keycloak cannot be reached', 'upstream cannot be reached'])
})

t.test('a silent peer is given up at the deadline, and its probe is told', async (t) => {
  let isAborted = false
  const keycloak: Probe = (signal) =>
    new Promise(() => {
      signal.addEventListener('abort', () => {
        isAborted = true
      })
    })
  const { readiness } = start({ probeTimeoutMs: 1, probes: { keycloak, upstream: reachable } })
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const { isReady, problems } = await readiness()
  t.equal(isReady, false)
  t.same(problems, ['keycloak did not answer within 1 ms'])
  t.ok(isAborted)
})

t.test('a storm of questions is one probe per peer and second', async (t) => {
  let asked = 0
  const keycloak: Probe = async () => {
    asked += 1
    return undefined
  }
  const { clock, readiness } = start({ probes: { keycloak, upstream: reachable } })
  await Promise.all(Array.from({ length: 100 }, () => readiness()))
  t.equal(asked, 1)
  clock.advance(999)
  await readiness()
  t.equal(asked, 1)
  clock.advance(1)
  await Promise.all([readiness(), readiness()])
  t.equal(asked, 2)
})

t.test('a probe that takes longer than its result is kept is still shared', async (t) => {
  let asked = 0
  let release: (() => void) | undefined
  const keycloak: Probe = () => {
    asked += 1
    return new Promise((resolve) => {
      release = () => resolve(undefined)
    })
  }
  const { clock, readiness } = start({ probes: { keycloak, upstream: reachable } })
  const first = readiness()
  clock.advance(5000)
  const second = readiness()
  release?.()
  await Promise.all([first, second])
  t.equal(asked, 1)
})
