import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'

/** One place that is asked at a fixed rate. */
export interface Target {
  readonly url: string
  readonly token: string
}

const CONNECTIONS = 32

/**
 * Asks each of the targets so many times a second, by turns and whether or not the last answer has come, so that all see
 * the same machine. The times of each to the end of its answer, in milliseconds.
 */
export async function runOpenLoop(
  targets: readonly Target[],
  perSecond: number,
  seconds: number,
): Promise<readonly (readonly number[])[]> {
  const pools = targets.map(
    ({ url }) => new Pool(new URL(url).origin, { connections: CONNECTIONS }),
  )
  const timesMs: number[][] = targets.map(() => [])
  const asked: Promise<void>[] = []
  const startedMs = performance.now()
  const stepMs = 1000 / (perSecond * targets.length)
  for (let i = 0; i < perSecond * seconds * targets.length; i += 1) {
    const aheadMs = startedMs + i * stepMs - performance.now()
    if (aheadMs > 0) await wait(aheadMs)
    const at = i % targets.length
    const [target, pool] = [targets[at], pools[at]]
    if (target !== undefined && pool !== undefined) {
      asked.push(ask(pool, target).then((ms) => void timesMs[at]?.push(ms)))
    }
  }
  await Promise.all(asked)
  await Promise.all(pools.map((pool) => pool.destroy()))
  return timesMs
}

async function ask(pool: Pool, { url, token }: Target): Promise<number> {
  const startedMs = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  const answer = await pool.request({ path: new URL(url).pathname, method: 'GET', headers })
  await answer.body.dump()
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode} at a fixed rate`)
  return performance.now() - startedMs
}
