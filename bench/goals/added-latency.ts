import type { Contestant } from '../contestant.ts'
import type { Ground } from '../ground.ts'
import { runOpenLoop } from '../load/open-loop.ts'
import { quantile } from '../report/quantile.ts'
import { show } from '../report/render-table.ts'
import type { Goal } from './goal.ts'

const PER_SECOND = 200
const MAX_P50_MS = 0.3
const MAX_P99_MS = 2

/** What a proxy adds to a call at 200 requests a second, by quantiles over those of the upstream itself. */
export async function measureAddedLatency(
  ground: Ground,
  contestant: Contestant,
  seconds: number,
): Promise<Goal> {
  const path = '/free/get'
  const { token } = ground
  const targets = [ground.upstream.url, contestant.url].map((url) => ({ url: url + path, token }))
  await runOpenLoop(targets, PER_SECOND, 1)
  const [direct = [], proxied = []] = await runOpenLoop(targets, PER_SECOND, seconds)
  const added = (share: number) => quantile(proxied, share) - quantile(direct, share)
  return {
    what: `${contestant.name}: added latency at ${PER_SECOND} requests/s, p50 / p99`,
    wanted: `under ${MAX_P50_MS} / ${MAX_P99_MS} ms`,
    measured: `${show(added(0.5), 2)} / ${show(added(0.99), 2)} ms`,
    isMet: added(0.5) < MAX_P50_MS && added(0.99) < MAX_P99_MS,
  }
}
