import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The proxy has one core for itself; the load, the upstream and Keycloak share the other. */
export type Core = 'proxy' | 'load'

const NUMBERS: Readonly<Record<Core, string>> = { proxy: '0', load: '1' }

const TASKSET = 'taskset'

/** Without taskset, or on one core, nothing is pinned, and the report says so. */
export const isPinning =
  availableParallelism() > 1 && spawnSync(TASKSET, ['--version']).status === 0

export function pinned(
  core: Core,
  command: string,
  args: readonly string[],
): readonly [string, ...string[]] {
  return isPinning ? [TASKSET, '-c', NUMBERS[core], command, ...args] : [command, ...args]
}

/** A process that runs already, all its threads. */
export function pinPid(core: Core, pid: number): void {
  if (isPinning) spawnSync(TASKSET, ['-a', '-p', '-c', NUMBERS[core], String(pid)])
}
