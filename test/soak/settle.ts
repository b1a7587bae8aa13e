import { setTimeout as wait } from 'node:timers/promises'
import type { ProcessFigures } from './process-figures.ts'
import { readFigures } from './process-figures.ts'
import type { Verdict } from './scenario.ts'
import { judge } from './scenario.ts'
import type { SidecarProcess } from './sidecar-process.ts'

/** How much more than before a process may hold once the load is over. */
export interface Tolerance {
  readonly fds: number
  readonly timers: number
  /** `undefined`: the heap is shown and not judged. */
  readonly heapBytes: number | undefined
}

const SETTLE_DEADLINE_MS = 12_000
const LOOK_EVERY_MS = 250
const MIB = 1024 * 1024

/** Waits until idle connections have ended and no more is held than before, or 12 s, and reads the figures then. */
export async function settle(
  process: SidecarProcess,
  before: ProcessFigures,
): Promise<ProcessFigures> {
  const startedAt = performance.now()
  for (;;) {
    const now = await readFigures(process, { isHeapExact: false })
    const isSettled =
      now.fds <= before.fds &&
      now.timers <= before.timers &&
      now.replayBytes === 0 &&
      now.openUpgrades === 0
    if (isSettled || performance.now() - startedAt > SETTLE_DEADLINE_MS) break
    await wait(LOOK_EVERY_MS)
  }
  return readFigures(process, { isHeapExact: true })
}

/** Nothing leaks: what is held afterwards is what was held before, within the tolerance. */
export function judgeSettled(
  before: ProcessFigures,
  after: ProcessFigures,
  tolerance: Tolerance,
): readonly Verdict[] {
  const heapGrowth = after.heapBytes + after.externalBytes - before.heapBytes - before.externalBytes
  return [
    judge(
      `descriptors are back at the baseline + ${tolerance.fds}`,
      after.fds <= before.fds + tolerance.fds,
      `${before.fds} → ${after.fds}`,
    ),
    judge(
      `timers are back at the baseline + ${tolerance.timers}`,
      after.timers <= before.timers + tolerance.timers,
      `${before.timers} → ${after.timers}`,
    ),
    judge('replay memory is back at 0', after.replayBytes === 0, after.replayBytes),
    judge('open upgrades are back at 0', after.openUpgrades === 0, after.openUpgrades),
    ...(tolerance.heapBytes === undefined
      ? []
      : [
          judge(
            `heap and buffers after full GC grew by less than ${toMib(tolerance.heapBytes)}`,
            heapGrowth < tolerance.heapBytes,
            `${toMib(before.heapBytes + before.externalBytes)} → ${toMib(after.heapBytes + after.externalBytes)}`,
          ),
        ]),
  ]
}

export function toMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

export function listMib(sizes: readonly number[]): string {
  return sizes.map(toMib).join(', ')
}
