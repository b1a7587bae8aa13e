import { Agent } from 'node:http'
import type { Ending } from '../call.ts'
import { call } from '../call.ts'
import { startFaultyUpstream } from '../faults/faulty-upstream.ts'
import { judgeEnding } from '../faults/judge-ending.ts'
import type { Ledger } from '../faults/ledger.ts'
import { createLedger } from '../faults/ledger.ts'
import type { Plan } from '../faults/plan.ts'
import { drawPlan } from '../faults/plan.ts'
import { troubleKeycloak } from '../faults/weather.ts'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import type { Identity } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import { listOf } from '../list-of.ts'
import { readFigures, readOutcomes } from '../process-figures.ts'
import type { Report, Scenario, Surroundings, Verdict } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, settle, toMib } from '../settle.ts'

/** Requests of all kinds under random faults on every side: each answer must be right, and nothing may be left over. */
export const randomFaults: Scenario = {
  name: 'random-faults',
  deadlineMs: { short: 90_000, full: 900_000 },
  run,
}

const CALLERS = 64
const CALL_DEADLINE_MS = 15_000
const WARM_UP = 0.15
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: 3 * 1024 * 1024 }
/** The idle connection that is closed while a request is being written on it: unavoidable in HTTP/1.1. */
const RACES_PER_SILENT_CLOSE = 1

const ENV = {
  // Small, so that every cache is full before the first measurement: what then grows is a leak.
  CACHE_MAX_ENTRIES: '300',
  EXCHANGE_TIMEOUT_MS: '1000',
  UPSTREAM_HEADERS_TIMEOUT_MS: '2000',
}

interface Run {
  readonly house: House
  readonly ledger: Ledger
  readonly agents: readonly [Agent, Agent]
  readonly endings: Map<string, number>
  readonly defects: string[]
  readonly races: string[]
  slowestMs: number
}

async function run(surroundings: Surroundings): Promise<Report> {
  const ledger = createLedger()
  const upstream = await startFaultyUpstream(ledger)
  try {
    const house = await startHouse({ upstreamUrl: upstream.url, env: ENV })
    try {
      return await soak(surroundings, house, ledger)
    } finally {
      await house.close()
    }
  } finally {
    await upstream.close()
  }
}

async function soak(around: Surroundings, house: House, ledger: Ledger): Promise<Report> {
  const total = around.isShort ? 8_000 : 100_000
  const run: Run = {
    house,
    ledger,
    agents: [new Agent({ keepAlive: true, maxSockets: CALLERS }), new Agent()],
    endings: new Map(),
    defects: [],
    races: [],
    slowestMs: 0,
  }
  const { sidecar } = house
  const rest = async (first: number, end: number) => {
    const weather = troubleKeycloak(house.authorizationServer, around.random(first))
    await send(around, run, first, end)
    weather.stop()
    run.agents[0].destroy()
    return weather.faults
  }
  const first = await readFigures(sidecar, { isHeapExact: true })
  const warm = Math.round(total * WARM_UP)
  const half = Math.round((total + warm) / 2)
  const startedAt = performance.now()
  let faults = await rest(0, warm)
  const atWarm = await settle(sidecar, first)
  around.say(`warm after ${warm} requests: heap ${toMib(atWarm.heapBytes)}`)
  faults += await rest(warm, half)
  const atHalf = await settle(sidecar, first)
  around.say(`half after ${half} requests: heap ${toMib(atHalf.heapBytes)}`)
  faults += await rest(half, total)
  const atEnd = await settle(sidecar, first)
  const seconds = (performance.now() - startedAt) / 1000
  const outcomes = await readOutcomes(sidecar.adminUrl)
  return {
    figures: [
      { name: 'requests', value: `${total} in ${seconds.toFixed(0)} s, ${CALLERS} callers` },
      { name: 'endings', value: listOf(run.endings) },
      { name: 'outcomes', value: listOf(outcomes) },
      { name: 'reasons of upstream-unavailable', value: listOf(sidecar.breakdowns) },
      {
        name: 'exchanges asked of Keycloak',
        value: `${house.authorizationServer.exchanges}, ${faults} faults laid`,
      },
      { name: 'slowest call', value: `${Math.round(run.slowestMs)} ms` },
      {
        name: 'heap warm, half, end',
        value: [atWarm, atHalf, atEnd].map((at) => toMib(at.heapBytes)).join(', '),
      },
      {
        name: 'buffers warm, half, end',
        value: [atWarm, atHalf, atEnd].map((at) => toMib(at.externalBytes)).join(', '),
      },
      {
        name: 'RSS warm, half, end',
        value: [atWarm, atHalf, atEnd].map((at) => toMib(at.rssBytes)).join(', '),
      },
      {
        name: 'descriptors start, warm, half, end',
        value: [first, atWarm, atHalf, atEnd].map((at) => at.fds).join(', '),
      },
    ],
    verdicts: [...judgeRun(run, outcomes), ...judgeSettled(atHalf, atEnd, TOLERANCE)],
  }
}

function judgeRun(run: Run, outcomes: ReadonlyMap<string, number>): readonly Verdict[] {
  const { sidecar } = run.house
  const bound = run.ledger.silentCloses * RACES_PER_SILENT_CLOSE
  return [
    judge('the process lives', !sidecar.hasEnded, sidecar.hasEnded ? 'ended' : 'alive'),
    judgeDefects('it complained of nothing', sidecar.complaints),
    judgeDefects('every answer is right, and none was late', run.defects),
    judge(
      '502s without a planned fault are no more than silent closes of the upstream',
      run.races.length <= bound,
      `${run.races.length} of ${bound}${run.races[0] === undefined ? '' : `, e.g. ${run.races[0]}`}`,
    ),
    judge(
      'step-ups, pre-emptions and failures all occurred',
      ['stepped-up', 'preempted', 'exchange-unavailable', 'upstream-unavailable'].every((name) =>
        outcomes.has(name),
      ),
      listOf(outcomes),
    ),
  ]
}

/** Requests `first` to `end`, not included. */
async function send(around: Surroundings, run: Run, first: number, end: number): Promise<void> {
  await inParallel(CALLERS, end - first, async (i) => {
    const index = first + i
    const random = around.random(index)
    const plan = drawPlan(String(index), random)
    const identity = plan.isAnonymous ? undefined : await run.house.identities.draw(random)
    const agent = random.chance(0.9) ? run.agents[0] : run.agents[1]
    run.ledger.open(plan)
    const startedAt = performance.now()
    const ending = await callAsPlanned(run.house.sidecar.url, plan, identity, agent)
    run.slowestMs = Math.max(run.slowestMs, performance.now() - startedAt)
    count(run, plan, identity, ending)
    run.ledger.close(plan.id)
  })
}

function callAsPlanned(
  url: string,
  plan: Plan,
  identity: Identity | undefined,
  agent: Agent,
): Promise<Ending> {
  return call({
    url,
    method: plan.method,
    path: plan.path,
    headers: {
      'x-soak-id': plan.id,
      ...(identity === undefined ? {} : { authorization: `Bearer ${identity.token}` }),
    },
    agent,
    upload: plan.upload,
    leaves: plan.leaves,
    readPauseMs: plan.readPauseMs,
    deadlineMs: CALL_DEADLINE_MS,
  })
}

function count(run: Run, plan: Plan, identity: Identity | undefined, ending: Ending): void {
  const name = ending.kind === 'answered' ? String(ending.status) : ending.kind
  run.endings.set(name, (run.endings.get(name) ?? 0) + 1)
  const entry = run.ledger.find(plan.id)
  if (entry === undefined) return
  const finding = judgeEnding(entry, identity, ending)
  if (finding?.kind === 'race') run.races.push(finding.sentence)
  else if (finding !== undefined) run.defects.push(finding.sentence)
}
