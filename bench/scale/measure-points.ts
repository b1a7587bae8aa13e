import { createRandom } from '../../test/soak/random.ts'
import type { Ground } from '../ground.ts'
import type { LoadGenerator, LoadOrder } from '../load/load.ts'
import { readUsage } from '../machine/process-tree.ts'
import type { Program } from '../machine/program.ts'
import { median } from '../report/quantile.ts'
import { shuffle } from '../report/shuffle.ts'

/** One process at one size, and what it is asked. */
export interface SizedProgram {
  readonly size: number
  readonly program: Program
  readonly order: LoadOrder
}

export interface Measured {
  readonly size: number
  readonly cpuMicros: number
  readonly rssBytes: number
}

const SEED = 1

/** All sizes in one run, by rounds in random order: a slow minute of the machine is then nobody's. */
export async function measurePoints(
  sized: readonly SizedProgram[],
  load: LoadGenerator,
  rounds: number,
): Promise<readonly Measured[]> {
  const cpuMicros = new Map<SizedProgram, number[]>(sized.map((one) => [one, []]))
  const random = createRandom(SEED)
  for (const one of sized) await load.run(one.order)
  for (let round = 0; round < rounds; round += 1) {
    for (const one of shuffle(sized, random)) {
      cpuMicros.get(one)?.push(await measureOnce(one, load))
    }
  }
  const measured: Measured[] = []
  for (const [{ size, program }, values] of cpuMicros) {
    const { rssBytes } = await readUsage(program.pid)
    measured.push({ size, cpuMicros: median(values), rssBytes })
  }
  return measured
}

async function measureOnce({ program, order }: SizedProgram, load: LoadGenerator): Promise<number> {
  const before = await readUsage(program.pid)
  const { answered, failed } = await load.run(order)
  if (failed > 0)
    throw new Error(`${failed} of ${answered + failed} requests failed at ${order.url}`)
  const after = await readUsage(program.pid)
  return ((after.cpuSeconds - before.cpuSeconds) * 1e6) / answered
}

export function orderFor(ground: Ground, program: Program, path: string): LoadOrder {
  return {
    url: `${program.url}${path}`,
    method: 'GET',
    bodyBytes: 0,
    tokenFile: ground.tokenFile,
    connections: 32,
    seconds: 1,
  }
}
