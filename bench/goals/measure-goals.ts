import type { Contestant } from '../contestant.ts'
import type { Ground } from '../ground.ts'
import { CEILING, PLAIN } from '../peers/node-peers.ts'
import { SCOPELIFT } from '../peers/pick-peers.ts'
import { measureAddedLatency } from './added-latency.ts'
import { measureColdLatency } from './cold-latency.ts'
import { measureFirstEvent } from './first-event.ts'
import type { Goal } from './goal.ts'

/** What a table of throughput does not say: times of single calls on a machine that has nothing else to do. */
export async function measureGoals(
  ground: Ground,
  contestants: readonly Contestant[],
  seconds: number,
): Promise<readonly Goal[]> {
  const goals: Goal[] = []
  for (const name of [SCOPELIFT, PLAIN, CEILING]) {
    const contestant = contestants.find((one) => one.name === name)
    if (contestant === undefined) continue
    goals.push(await measureAddedLatency(ground, contestant, seconds))
    if (name !== SCOPELIFT) continue
    goals.push(await measureColdLatency(ground, contestant))
    goals.push(await measureFirstEvent(ground, contestant))
  }
  return goals
}
