import { setTimeout as wait } from 'node:timers/promises'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import type { Identity } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import type { ProcessFigures } from '../process-figures.ts'
import { countDescriptors, readFigures, readRss } from '../process-figures.ts'
import { describeTimes } from '../quantiles.ts'
import type { Report, Scenario, Surroundings, Verdict } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, listMib, settle, toMib } from '../settle.ts'
import type { ReadStream } from '../streams/open-stream.ts'
import { openStream } from '../streams/open-stream.ts'
import type { StreamingUpstream } from '../streams/streaming-upstream.ts'
import { EVENT_INTERVAL_MS, startStreamingUpstream } from '../streams/streaming-upstream.ts'

/** 1000 event streams open at once, each stepped up; half are ended by the upstream, half left by their callers. */
export const eventStreams: Scenario = {
  name: 'event-streams',
  deadlineMs: { short: 60_000, full: 180_000 },
  run,
}

const STREAMS = 1_000
/** A crowd that opens its streams at the same moment would measure its own queue. */
const OPENING_AT_ONCE = 16
const TOKENS = 50
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: undefined }
const MAX_RSS_BYTES = 150 * 1024 * 1024
const ENDING_DEADLINE_MS = 20_000

async function run(around: Surroundings): Promise<Report> {
  const upstream = await startStreamingUpstream()
  const house = await startHouse({ upstreamUrl: upstream.url })
  try {
    return await stream(around, house, upstream)
  } finally {
    await house.close()
    await upstream.close()
  }
}

interface Measured {
  readonly before: ProcessFigures
  readonly open: { readonly rssBytes: number; readonly fds: number; readonly atUpstream: number }
  readonly holdMs: number
  readonly events: number
  readonly fewestEvents: number
  readonly openAfterLeave: number
  /** Streams of those that stayed which ended with their last event. */
  readonly endedWell: number
  readonly after: ProcessFigures
}

async function measure(
  around: Surroundings,
  { sidecar }: House,
  upstream: StreamingUpstream,
  open: () => Promise<readonly ReadStream[]>,
): Promise<Measured & { readonly streams: readonly ReadStream[] }> {
  const holdMs = around.isShort ? 5_000 : 30_000
  const before = await readFigures(sidecar, { isHeapExact: true })
  const streams = await open()
  await wait(holdMs)
  const counts = streams.map((one) => one.events)
  const atUpstream = upstream.openStreams
  const rssBytes = await readRss(sidecar.pid)
  const { fds } = await countDescriptors(sidecar.pid)
  for (const one of streams.filter((_, i) => i % 2 === 0)) one.leave()
  await wait(EVENT_INTERVAL_MS)
  const openAfterLeave = upstream.openStreams
  upstream.endAll()
  const endedWell = await countEnded(streams.filter((_, i) => i % 2 === 1))
  return {
    streams,
    before,
    open: { rssBytes, fds, atUpstream },
    holdMs,
    events: counts.reduce((sum, count) => sum + count, 0),
    fewestEvents: Math.min(...counts),
    openAfterLeave,
    endedWell,
    after: await settle(sidecar, before),
  }
}

async function countEnded(streams: readonly ReadStream[]): Promise<number> {
  let count = 0
  const ended = streams.map(async (one) => {
    if (await one.ended) count += 1
  })
  await Promise.race([Promise.all(ended), wait(ENDING_DEADLINE_MS, undefined, { ref: false })])
  return count
}

async function stream(
  around: Surroundings,
  house: House,
  upstream: StreamingUpstream,
): Promise<Report> {
  const measured = await measure(around, house, upstream, () => openAll(around, house))
  const { streams, before, open, after, holdMs, events } = measured
  const held = `${streams.length}, ${TOKENS} tokens, held ${holdMs / 1000} s, ${events} events`
  const fromRequest = describeTimes(streams.map((one) => one.firstEventMs))
  const fromUpstream = describeTimes(streams.map((one) => one.firstTransitMs))
  const rss = listMib([before.rssBytes, open.rssBytes, after.rssBytes])
  return {
    figures: [
      { name: 'streams', value: held },
      { name: `first event, ${OPENING_AT_ONCE} opened at a time`, value: fromRequest },
      { name: 'of that, since the upstream wrote it', value: fromUpstream },
      { name: 'RSS before, open, after', value: rss },
      { name: 'descriptors open', value: String(open.fds) },
    ],
    verdicts: [
      judgeDefects(
        'every event arrives, in order, at its own caller',
        streams.flatMap((one) => one.defects),
      ),
      ...judgeStreams(measured),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
}

function judgeStreams(measured: Measured): readonly Verdict[] {
  const { open, holdMs, fewestEvents, openAfterLeave, endedWell } = measured
  const half = STREAMS / 2
  return [
    judge('all streams are open at once', open.atUpstream === STREAMS, open.atUpstream),
    judge('no stream stands still', fewestEvents >= holdMs / EVENT_INTERVAL_MS - 2, fewestEvents),
    judge(
      `RSS with all open is below ${toMib(MAX_RSS_BYTES)}`,
      open.rssBytes < MAX_RSS_BYTES,
      toMib(open.rssBytes),
    ),
    judge(
      'streams whose callers left have ended at the upstream within a second',
      openAfterLeave === half,
      openAfterLeave,
    ),
    judge('what the upstream ends arrives to its last event', endedWell === half, endedWell),
  ]
}

async function openAll(
  around: Surroundings,
  { identities, sidecar }: House,
): Promise<ReadStream[]> {
  const callers: Identity[] = []
  for (let i = 0; i < TOKENS; i += 1) callers.push(await identities.create(around.random(i)))
  const streams: ReadStream[] = []
  await inParallel(OPENING_AT_ONCE, STREAMS, async (i) => {
    const caller = callers[i % TOKENS]
    if (caller !== undefined) streams.push(await openStream(`${sidecar.url}/v1/events`, caller))
  })
  return streams
}
