import { setTimeout as wait } from 'node:timers/promises'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import type { Identity } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import { countDescriptors, readFigures, readRss } from '../process-figures.ts'
import { describeTimes } from '../quantiles.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, settle, toMib } from '../settle.ts'
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

async function stream(
  around: Surroundings,
  house: House,
  upstream: StreamingUpstream,
): Promise<Report> {
  const { sidecar } = house
  const holdMs = around.isShort ? 5_000 : 30_000
  const before = await readFigures(sidecar, { isHeapExact: true })
  const streams = await openAll(around, house)
  await wait(holdMs)
  const openAtUpstream = upstream.openStreams
  const rssBytes = await readRss(sidecar.pid)
  const { fds } = await countDescriptors(sidecar.pid)
  const events = streams.reduce((sum, one) => sum + one.events, 0)
  const fewest = Math.min(...streams.map((one) => one.events))
  const leavers = streams.filter((_, i) => i % 2 === 0)
  for (const one of leavers) one.leave()
  await wait(EVENT_INTERVAL_MS)
  const openAfterLeave = upstream.openStreams
  upstream.endAll()
  const stayers = streams.filter((_, i) => i % 2 === 1)
  const late = wait(ENDING_DEADLINE_MS, undefined, { ref: false })
  const endings = await Promise.race([Promise.all(stayers.map((one) => one.ended)), late])
  const after = await settle(sidecar, before)
  return {
    figures: [
      {
        name: 'streams',
        value: `${streams.length}, ${TOKENS} tokens, held ${holdMs / 1000} s, ${events} events`,
      },
      {
        name: 'first event, from the request',
        value: describeTimes(streams.map((one) => one.firstEventMs)),
      },
      {
        name: 'first event, from the upstream',
        value: describeTimes(streams.map((one) => one.firstTransitMs)),
      },
      {
        name: 'RSS before, open, after',
        value: [before.rssBytes, rssBytes, after.rssBytes].map(toMib).join(', '),
      },
      { name: 'descriptors before, open, after', value: [before.fds, fds, after.fds].join(', ') },
    ],
    verdicts: [
      judge('all streams are open at once', openAtUpstream === STREAMS, openAtUpstream),
      judgeDefects(
        'every event arrives, in order, at its own caller',
        streams.flatMap((one) => one.defects),
      ),
      judge(
        'no stream stands still',
        fewest >= holdMs / EVENT_INTERVAL_MS - 2,
        `fewest events ${fewest}`,
      ),
      judge(
        `RSS with all open is below ${toMib(MAX_RSS_BYTES)}`,
        rssBytes < MAX_RSS_BYTES,
        toMib(rssBytes),
      ),
      judge(
        'streams whose callers left are ended at the upstream within a second',
        openAfterLeave === stayers.length,
        openAfterLeave,
      ),
      judge(
        'streams that the upstream ends arrive to their last event',
        endings?.every(Boolean) === true,
        endings?.filter(Boolean).length ?? 'late',
      ),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
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
