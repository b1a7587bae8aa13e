import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import { inParallel } from '../in-parallel.ts'
import type { PlainCall } from '../plain/plain-call.ts'
import { callPlainly, describeCall } from '../plain/plain-call.ts'
import type { PlainUpstream } from '../plain/plain-upstream.ts'
import { startPlainUpstream } from '../plain/plain-upstream.ts'
import { readFigures } from '../process-figures.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, settle } from '../settle.ts'

/** The upstream dies and comes back while 64 callers are at work: they see 502 in between, and nothing is stuck afterwards. */
export const upstreamRestart: Scenario = {
  name: 'upstream-restart',
  deadlineMs: { short: 60_000, full: 180_000 },
  run,
}

const CALLERS = 64
const UP_MS = 2_000
const DOWN_MS = 1_000
const CALL_DEADLINE_MS = 10_000
/** How long after its return the upstream may still cost an answer. */
const AFTERMATH_MS = 250
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: undefined }

/** From the first cut connection until the port is open again, by the monotonic clock. */
interface Outage {
  readonly from: number
  until: number
}

async function run(around: Surroundings): Promise<Report> {
  const upstream = await startPlainUpstream()
  const house = await startHouse({ upstreamUrl: upstream.url })
  try {
    return await restart(around, house, upstream)
  } finally {
    await house.close()
    await upstream.goDown()
  }
}

async function restart(
  around: Surroundings,
  house: House,
  upstream: PlainUpstream,
): Promise<Report> {
  const outages: Outage[] = []
  const calls: PlainCall[] = []
  let isOver = false
  const before = await readFigures(house.sidecar, { isHeapExact: true })
  const agent = new Agent({ keepAlive: true })
  const calling = inParallel(CALLERS, CALLERS, async (caller) => {
    for (let count = 0; !isOver; count += 1) {
      const random = around.random(caller * 100_000 + count)
      calls.push(
        await callPlainly({
          id: `${caller}-${count}`,
          url: house.sidecar.url,
          random,
          identity: await house.identities.draw(random),
          agent,
          longestDelayMs: 300,
          hasSlowBodies: false,
          deadlineMs: CALL_DEADLINE_MS,
        }),
      )
      // Refused connections fail at once: without a pause the callers would do nothing else.
      if (calls.at(-1)?.isRight === false) await wait(20)
    }
  })
  for (let i = 0; i < (around.isShort ? 2 : 8); i += 1) {
    await wait(UP_MS)
    const outage: Outage = { from: performance.now(), until: Number.POSITIVE_INFINITY }
    outages.push(outage)
    await upstream.goDown()
    await wait(DOWN_MS)
    await upstream.comeUp()
    outage.until = performance.now()
  }
  await wait(UP_MS)
  isOver = true
  await calling
  agent.destroy()
  const after = await settle(house.sidecar, before)
  const report = judgeCalls(calls, outages)
  return { ...report, verdicts: [...report.verdicts, ...judgeSettled(before, after, TOLERANCE)] }
}

function judgeCalls(calls: readonly PlainCall[], outages: readonly Outage[]): Report {
  const wrong = calls.filter(({ isRight }) => !isRight)
  const is502 = ({ ending }: PlainCall) => ending.kind === 'answered' && ending.status === 502
  const isInOutage = ({ startedAt, endedAt }: PlainCall) =>
    outages.some(({ from, until }) => startedAt <= until + AFTERMATH_MS && endedAt >= from)
  const longest = Math.max(...calls.map(({ startedAt, endedAt }) => endedAt - startedAt))
  return {
    figures: [
      { name: 'calls', value: `${calls.length}, ${outages.length} restarts, ${CALLERS} callers` },
      { name: 'answered with 502', value: String(calls.filter(is502).length) },
      { name: 'longest call', value: `${Math.round(longest)} ms` },
    ],
    verdicts: [
      judgeDefects(
        'what fails in an outage fails with 502',
        wrong.filter((one) => !is502(one)).map(describeCall),
      ),
      judgeDefects(
        `no call fails that does not touch an outage (${AFTERMATH_MS} ms of aftermath)`,
        wrong.filter((one) => !isInOutage(one)).map(describeCall),
      ),
      judge('outages were felt', wrong.length > 0, wrong.length),
    ],
  }
}
