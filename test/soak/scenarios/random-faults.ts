import { startFaultyUpstream } from '../faults/faulty-upstream.ts'
import type { Ledger } from '../faults/ledger.ts'
import { createLedger } from '../faults/ledger.ts'
import type { Tally } from '../faults/send-plans.ts'
import { CALLERS, createTally, sendPlans } from '../faults/send-plans.ts'
import { troubleKeycloak } from '../faults/weather.ts'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import { listOf } from '../list-of.ts'
import type { ProcessFigures } from '../process-figures.ts'
import { readFigures, readOutcomes } from '../process-figures.ts'
import type { Report, Scenario, Surroundings, Verdict } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, listMib, settle, toMib } from '../settle.ts'

/** Requests of all kinds under random faults on every side: each answer must be right, and nothing may be left over. */
export const randomFaults: Scenario = {
  name: 'random-faults',
  deadlineMs: { short: 100_000, full: 900_000 },
  run,
}

const REQUESTS = { short: 8_000, full: 100_000 }
const WARM_UP = 0.15
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: 3 * 1024 * 1024 }

const ENV = {
  // Small, so that every cache is full before the first measurement: what then grows is a leak.
  CACHE_MAX_ENTRIES: '300',
  EXCHANGE_TIMEOUT_MS: '1000',
  UPSTREAM_HEADERS_TIMEOUT_MS: '2000',
}

/** The process at its start, after the warm-up, half way and at the end, each time at rest. */
interface Measured {
  readonly atStart: ProcessFigures
  readonly atWarm: ProcessFigures
  readonly atHalf: ProcessFigures
  readonly atEnd: ProcessFigures
  readonly faultsLaid: number
  readonly seconds: number
}

interface Run {
  readonly house: House
  readonly ledger: Ledger
  readonly tally: Tally
}

async function run(around: Surroundings): Promise<Report> {
  const ledger = createLedger()
  const upstream = await startFaultyUpstream(ledger)
  try {
    const house = await startHouse({ upstreamUrl: upstream.url, env: ENV })
    try {
      const soaked = { house, ledger, tally: createTally() }
      return await report(around, soaked, await measure(around, soaked))
    } finally {
      await house.close()
    }
  } finally {
    await upstream.close()
  }
}

async function measure(around: Surroundings, soaked: Run): Promise<Measured> {
  const { authorizationServer, sidecar } = soaked.house
  const total = totalOf(around)
  const warm = Math.round(total * WARM_UP)
  const half = Math.round((total + warm) / 2)
  const atStart = await readFigures(sidecar, { isHeapExact: true })
  const startedAt = performance.now()
  let faultsLaid = 0
  async function soak(first: number, end: number): Promise<ProcessFigures> {
    const weather = troubleKeycloak(authorizationServer, around.random(first))
    await sendPlans(around, soaked, first, end)
    weather.stop()
    faultsLaid += weather.faults
    const figures = await settle(sidecar, atStart)
    around.say(
      `after ${end} requests: heap ${toMib(figures.heapBytes)}, ${figures.fds} descriptors`,
    )
    return figures
  }
  const atWarm = await soak(0, warm)
  const atHalf = await soak(warm, half)
  const atEnd = await soak(half, total)
  const seconds = (performance.now() - startedAt) / 1000
  return { atStart, atWarm, atHalf, atEnd, faultsLaid, seconds }
}

async function report(around: Surroundings, soaked: Run, measured: Measured): Promise<Report> {
  const { house, tally } = soaked
  const { atStart, atWarm, atHalf, atEnd, faultsLaid, seconds } = measured
  const outcomes = await readOutcomes(house.sidecar.adminUrl)
  const { exchanges } = house.authorizationServer
  const rests = [atWarm, atHalf, atEnd]
  const fds = [atStart, ...rests].map((at) => at.fds)
  const requests = `${totalOf(around)} in ${seconds.toFixed(0)} s, ${CALLERS} callers`
  return {
    figures: [
      { name: 'requests', value: requests },
      { name: 'endings', value: listOf(tally.endings) },
      { name: 'outcomes', value: listOf(outcomes) },
      { name: 'of upstream-unavailable', value: listOf(house.sidecar.breakdowns) },
      { name: 'exchanges, faults of Keycloak', value: `${exchanges}, ${faultsLaid}` },
      { name: 'slowest call', value: `${Math.round(tally.slowestMs)} ms` },
      { name: 'heap warm, half, end', value: listMib(rests.map((at) => at.heapBytes)) },
      { name: 'buffers warm, half, end', value: listMib(rests.map((at) => at.externalBytes)) },
      { name: 'RSS warm, half, end', value: listMib(rests.map((at) => at.rssBytes)) },
      { name: 'descriptors start, warm, half, end', value: fds.join(', ') },
    ],
    verdicts: [...judgeRun(soaked, outcomes), ...judgeSettled(atHalf, atEnd, TOLERANCE)],
  }
}

const EXPECTED = ['stepped-up', 'preempted', 'exchange-unavailable', 'upstream-unavailable']

function judgeRun(
  { house, tally, ledger }: Run,
  outcomes: ReadonlyMap<string, number>,
): readonly Verdict[] {
  const { races } = tally
  const { silentCloses } = ledger
  const missing = EXPECTED.filter((outcome) => !outcomes.has(outcome))
  return [
    judge('the process lives', !house.sidecar.hasEnded, house.sidecar.hasEnded ? 'no' : 'yes'),
    judgeDefects('it complained of nothing', house.sidecar.complaints),
    judgeDefects('every answer is right, and none was late', tally.defects),
    // A request that is written while its connection is being closed cannot be saved in HTTP/1.1.
    judge(
      '502s without a fault of their own are at most the connections that the upstream closed silently',
      races.length <= silentCloses,
      `${races.length} of ${silentCloses}${races.length > silentCloses ? `: ${races[0]}` : ''}`,
    ),
    judge(`${EXPECTED.join(', ')} all occurred`, missing.length === 0, missing.join(', ') || 'yes'),
  ]
}

function totalOf({ isShort }: Surroundings): number {
  return isShort ? REQUESTS.short : REQUESTS.full
}
