import { readFile } from 'node:fs/promises'
import { Pool } from 'undici'
import { quantile } from '../report/quantile.ts'
import type { LoadGenerator, LoadOrder, LoadResult } from './load.ts'

/** Where wrk is not installed. It is slower than some of the proxies: trust the CPU time, not the requests per second. */
export const closedLoop: LoadGenerator = {
  name: 'a closed loop of undici',
  async run(order) {
    const tokens = (await readFile(order.tokenFile, 'utf8')).trimEnd().split('\n')
    const untilMs = performance.now() + order.seconds * 1000
    return runClosedLoop(order, tokens, () => performance.now() < untilMs)
  },
}

/** Each token once: what a caller pays who is not known yet. */
export function runOnceEach(
  order: Omit<LoadOrder, 'tokenFile' | 'seconds'>,
  tokens: readonly string[],
): Promise<LoadResult> {
  return runClosedLoop(order, tokens, (sent) => sent < tokens.length)
}

async function runClosedLoop(
  order: Omit<LoadOrder, 'tokenFile' | 'seconds'>,
  tokens: readonly string[],
  mayGoOn: (sent: number) => boolean,
): Promise<LoadResult> {
  const { origin, pathname } = new URL(order.url)
  const pool = new Pool(origin, { connections: order.connections })
  const body = order.bodyBytes > 0 ? Buffer.alloc(order.bodyBytes, 'x') : null
  const timesMs: number[] = []
  let sent = 0
  let failed = 0
  const startedMs = performance.now()
  async function ask(): Promise<void> {
    while (mayGoOn(sent)) {
      const authorization = `Bearer ${tokens[sent % tokens.length]}`
      sent += 1
      const askedMs = performance.now()
      const request = { path: pathname, method: order.method, headers: { authorization }, body }
      const answer = await pool.request(request)
      await answer.body.dump()
      if (answer.statusCode > 399) failed += 1
      timesMs.push(performance.now() - askedMs)
    }
  }
  try {
    await Promise.all(Array.from({ length: order.connections }, ask))
  } finally {
    await pool.destroy()
  }
  return {
    answered: timesMs.length,
    failed,
    seconds: (performance.now() - startedMs) / 1000,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
  }
}
