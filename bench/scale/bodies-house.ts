import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ground } from '../ground.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { freePort } from '../machine/free-port.ts'
import { readUsage } from '../machine/process-tree.ts'
import type { Program } from '../machine/program.ts'
import { startProgram } from '../machine/program.ts'
import { startScopelift } from '../peers/scopelift.ts'

/** The upstream of large bodies. */
export async function startBodies(ground: Ground): Promise<Program> {
  const port = await freePort()
  return startProgram({
    name: 'the upstream of large bodies',
    command: process.execPath,
    args: [ground.programs.bodies],
    env: { PORT: String(port) },
    cwd: ground.folder,
    core: 'load',
    url: `http://127.0.0.1:${port}`,
    logFile: join(ground.folder, 'bodies.log'),
  })
}

export function startBefore(
  bodies: Program,
  ground: Ground,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  return startScopelift(ground, PRODUCT, { env: { UPSTREAM_URL: bodies.url, ...env } })
}

const SAMPLE_MS = 20

/** The most that a process held while `work` was done, looked at 50 times a second. */
export async function watchRss(pid: number, work: () => Promise<void>): Promise<number> {
  let peakBytes = 0
  let isDone = false
  const done = work().finally(() => {
    isDone = true
  })
  while (!isDone) {
    peakBytes = Math.max(peakBytes, (await readUsage(pid)).rssBytes)
    await Promise.race([done, wait(SAMPLE_MS)])
  }
  await done
  return peakBytes
}
