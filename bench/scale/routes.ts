import type { Ground } from '../ground.ts'
import type { LoadGenerator } from '../load/load.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { benchPolicy } from '../peers/bench-policy.ts'
import { startScopelift } from '../peers/scopelift.ts'
import type { Point, Surroundings } from './growth.ts'
import type { SizedProgram } from './measure-points.ts'
import { measurePoints, orderFor } from './measure-points.ts'

const SIZES = [1, 10, 100, 1_000]

/** A call that shares its first segment with most routes, its first three with one, and matches none. */
export async function growRoutes(
  ground: Ground,
  load: LoadGenerator,
  { rounds }: Surroundings,
): Promise<readonly Point[]> {
  const sized: SizedProgram[] = []
  try {
    for (const size of SIZES) {
      const program = await startScopelift(ground, PRODUCT, { policy: benchPolicy(size) })
      sized.push({ size, program, order: orderFor(ground, program, '/free/resource-0/1/others') })
    }
    const measured = await measurePoints(sized, load, rounds)
    return measured.map(({ size, ...point }) => ({
      ...point,
      dimension: 'routes in the policy',
      size: String(size),
      remark: '',
    }))
  } finally {
    for (const { program } of sized) await program.close()
  }
}
