import { setTimeout as wait } from 'node:timers/promises'
import type { Contestant } from './contestant.ts'
import type { Ground } from './ground.ts'
import { runOnceEach } from './load/closed-loop.ts'
import type { LoadGenerator, LoadResult } from './load/load.ts'
import { readUsage } from './machine/process-tree.ts'
import type { Row } from './rows.ts'

/** One round of one row at one proxy. */
export interface Sample {
  readonly row: string
  readonly peer: string
  readonly round: number
  readonly requestsPerSecond: number
  /** NaN where there is no proxy. */
  readonly cpuMicros: number
  readonly rssBytes: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const CONNECTIONS = 32
const COLD_CONNECTIONS = 4
const COLD_CALLS_PER_SECOND = 200
/** What the round before has left is done by then. */
const SETTLING_MS = 100

export async function measureRow(options: {
  readonly row: Row
  readonly contestant: Contestant
  readonly ground: Ground
  readonly load: LoadGenerator
  readonly round: number
  readonly seconds: number
}): Promise<Sample> {
  const { row, contestant, ground, round } = options
  const order = {
    url: `${contestant.url}${row.path}`,
    method: row.method,
    bodyBytes: row.bodyBytes,
    connections: row.isCold ? COLD_CONNECTIONS : CONNECTIONS,
  }
  const cold = row.isCold ? await ground.keycloak.mint(COLD_CALLS_PER_SECOND * options.seconds) : []
  await wait(SETTLING_MS)
  const before = await usageOf(contestant)
  const result = row.isCold
    ? await runOnceEach(order, cold)
    : await options.load.run({ ...order, tokenFile: ground.tokenFile, seconds: options.seconds })
  const after = await usageOf(contestant)
  refuseFailures(row, contestant, result)
  return {
    row: row.name,
    peer: contestant.name,
    round,
    requestsPerSecond: result.answered / result.seconds,
    cpuMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / result.answered,
    rssBytes: after.rssBytes,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  }
}

function usageOf({ program }: Contestant) {
  if (program === undefined) return { cpuSeconds: Number.NaN, rssBytes: Number.NaN }
  return readUsage(program.pid)
}

function refuseFailures(row: Row, { name }: Contestant, { failed, answered }: LoadResult): void {
  if (failed === 0) return
  throw new Error(`${name}, "${row.title}": ${failed} of ${answered + failed} requests failed`)
}
