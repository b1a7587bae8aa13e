import { Agent } from 'node:http'
import { sha256Of } from '../bodies.ts'
import type { Ending, Upload } from '../call.ts'
import { call } from '../call.ts'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import type { Identity } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import { listOf } from '../list-of.ts'
import { readFigures, readOutcomes, readRssPeak } from '../process-figures.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, listMib, settle, toMib } from '../settle.ts'
import type { DenyingUpstream } from '../uploads/denying-upstream.ts'
import { startDenyingUpstream } from '../uploads/denying-upstream.ts'

/** Large uploads, all at once, denied in the middle, before a process with little memory. */
export const uploads: Scenario = {
  name: 'uploads',
  deadlineMs: { short: 90_000, full: 600_000 },
  run,
}

const UPLOAD_BYTES = 10_000_000
const OLD_SPACE_MIB = 128
const TOKENS = 100
const PIECE_BYTES = 64 * 1024
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: undefined }

interface Counts {
  atOnce: number
  atSecond: number
  readonly defects: string[]
}

async function run(around: Surroundings): Promise<Report> {
  const upstream = await startDenyingUpstream()
  const house = await startHouse({
    upstreamUrl: upstream.url,
    nodeOptions: [`--max-old-space-size=${OLD_SPACE_MIB}`],
  })
  try {
    return await uploadAll(around, house, upstream)
  } finally {
    await house.close()
    await upstream.close()
  }
}

async function uploadAll(
  around: Surroundings,
  house: House,
  upstream: DenyingUpstream,
): Promise<Report> {
  const { sidecar } = house
  const count = around.isShort ? 150 : 1_000
  const counts: Counts = { atOnce: 0, atSecond: 0, defects: [] }
  const callers: Identity[] = []
  for (let i = 0; i < TOKENS; i += 1) callers.push(await house.identities.create(around.random(i)))
  const before = await readFigures(sidecar, { isHeapExact: true })
  const startedAt = performance.now()
  await sendAll(around, sidecar.url, callers, count, counts)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  const outcomes = listOf(await readOutcomes(sidecar.adminUrl))
  const peak = await readRssPeak(sidecar.pid)
  const after = await settle(sidecar, before)
  const { atOnce, atSecond, defects } = counts
  return {
    figures: [
      { name: 'uploads', value: `${count} × ${UPLOAD_BYTES} bytes in parallel, ${seconds} s` },
      { name: 'read by the upstream', value: toMib(upstream.bytesRead) },
      { name: 'granted at once / at the second try', value: `${atOnce} / ${atSecond}` },
      { name: 'outcomes', value: outcomes },
      { name: 'RSS before, peak, after', value: listMib([before.rssBytes, peak, after.rssBytes]) },
    ],
    verdicts: [
      judge(
        `the process survives --max-old-space-size=${OLD_SPACE_MIB}`,
        !sidecar.hasEnded,
        sidecar.hasEnded ? 'no' : 'yes',
      ),
      judgeDefects('it complained of nothing', sidecar.complaints),
      judgeDefects(
        'every upload is granted with its own digest at the first or second try',
        defects,
      ),
      judge('every upload ended', atOnce + atSecond + defects.length === count, count),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
}

async function sendAll(
  around: Surroundings,
  url: string,
  callers: readonly Identity[],
  count: number,
  counts: Counts,
): Promise<void> {
  // Half of the callers keep their connections, half ask to have them closed.
  const agents = [new Agent({ keepAlive: true }), new Agent()] as const
  const deadlineMs = around.isShort ? 80_000 : 500_000
  await inParallel(count, count, async (i) => {
    const caller = callers[i % callers.length]
    const agent = agents[i % 2 === 0 ? 0 : 1]
    await uploadTwice(around, i, counts, async (upload, headers) =>
      call({
        url,
        method: 'POST',
        path: `/v1/files/${i}`,
        headers: { ...headers, authorization: `Bearer ${caller?.token}` },
        agent,
        upload,
        deadlineMs,
      }),
    )
  })
  for (const agent of agents) agent.destroy()
}

type Send = (upload: Upload, headers: Readonly<Record<string, string>>) => Promise<Ending>

async function uploadTwice(
  around: Surroundings,
  i: number,
  counts: Counts,
  send: Send,
): Promise<void> {
  const random = around.random(1_000 + i)
  const upload: Upload = {
    // Few bodies, so that their digests are known beforehand.
    stretch: { offset: random.whole(0, 15) * PIECE_BYTES, bytes: UPLOAD_BYTES },
    isChunked: random.chance(0.5),
    pieceBytes: PIECE_BYTES,
    pauseMs: 0,
  }
  const headers = {
    'x-soak-deny-after': String(random.whole(0, UPLOAD_BYTES)),
    'x-soak-then': random.pick(['read-on', 'stop', 'reset']),
  }
  const first = await send(upload, headers)
  if (isGranted(first, upload)) {
    counts.atOnce += 1
    return
  }
  if (!isNotReplayable(first)) {
    counts.defects.push(`${i}: first try ${describe(first)} ${JSON.stringify(headers)}`)
    return
  }
  const second = await send(upload, headers)
  if (isGranted(second, upload)) counts.atSecond += 1
  else counts.defects.push(`${i}: second try ${describe(second)} ${JSON.stringify(headers)}`)
}

function isGranted(ending: Ending, { stretch }: Upload): boolean {
  if (ending.kind !== 'answered' || ending.status !== 200) return false
  return ending.headers['x-sha256'] === sha256Of(stretch)
}

/** The upstream's own denial, since the body could not be kept. */
function isNotReplayable(ending: Ending): boolean {
  if (ending.kind !== 'answered' || ending.status !== 403) return false
  return ending.headers['scopelift-outcome'] === 'body-not-replayable'
}

function describe(ending: Ending): string {
  if (ending.kind === 'failed') return ending.code
  return ending.kind === 'answered'
    ? `${ending.status} ${ending.headers['scopelift-outcome']}`
    : ending.kind
}
