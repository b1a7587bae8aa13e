import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ground } from '../ground.ts'
import { runOnceEach } from '../load/closed-loop.ts'
import type { LoadGenerator } from '../load/load.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { readUsage } from '../machine/process-tree.ts'
import { startScopelift } from '../peers/scopelift.ts'
import type { Point, Surroundings } from './growth.ts'
import type { SizedProgram } from './measure-points.ts'
import { measurePoints, orderFor } from './measure-points.ts'

const SIZES = [10, 100, 1_000, 10_000, 100_000]
const QUICK_SIZES = [10, 1_000, 10_000]
const FILLING_CONNECTIONS = 16

const ENV = {
  CACHE_MAX_ENTRIES: '200000',
  CACHE_MAX_TTL_MS: '3600000',
  // A line for each call would hide what a lookup costs.
  LOG_LEVEL: 'warn',
}

/** Callers who have been stepped up: all of them are asked for in turn, each needs its issued token found. */
export async function growTokens(
  ground: Ground,
  load: LoadGenerator,
  { isQuick, rounds, say }: Surroundings,
): Promise<readonly Point[]> {
  const sizes = isQuick ? QUICK_SIZES : SIZES
  const tokens = await ground.keycloak.mint(Math.max(...sizes))
  const sized: SizedProgram[] = []
  const entryBytes = new Map<number, number>()
  try {
    for (const size of sizes) {
      const program = await startScopelift(ground, PRODUCT, { env: ENV })
      const order = orderFor(ground, program, '/guarded/policy')
      const tokenFile = join(ground.folder, `tokens-${size}`)
      await writeFile(tokenFile, `${tokens.slice(0, size).join('\n')}\n`)
      sized.push({ size, program, order: { ...order, tokenFile } })
      const before = await readUsage(program.pid)
      await fill(ground, order.url, tokens.slice(0, size))
      const { rssBytes } = await readUsage(program.pid)
      entryBytes.set(size, (rssBytes - before.rssBytes) / size)
      say(`${size} tokens are cached`)
    }
    const before = await ground.keycloak.exchanges()
    const measured = await measurePoints(sized, load, rounds)
    const more = (await ground.keycloak.exchanges()) - before
    if (more !== 0) throw new Error(`${more} exchanges for tokens that were cached`)
    return measured.map(({ size, ...point }) => ({
      ...point,
      dimension: 'distinct tokens in the cache',
      size: String(size),
      remark: describeEntry(size, entryBytes.get(size) ?? 0),
    }))
  } finally {
    for (const { program } of sized) await program.close()
  }
}

async function fill(ground: Ground, url: string, tokens: readonly string[]): Promise<void> {
  const before = await ground.keycloak.exchanges()
  const connections = Math.min(FILLING_CONNECTIONS, tokens.length)
  const order = { url, method: 'GET', bodyBytes: 0, connections } as const
  const { failed } = await runOnceEach(order, tokens)
  const exchanges = (await ground.keycloak.exchanges()) - before
  if (failed > 0 || exchanges !== tokens.length) {
    throw new Error(`${failed} of ${tokens.length} failed, ${exchanges} exchanges`)
  }
}

/** Among few entries the growth is the heap's, not theirs. */
function describeEntry(size: number, bytes: number): string {
  return size < 10_000 ? '' : `${(bytes / 1024).toFixed(1)} KiB of RSS an entry`
}
