import type { Ground } from '../ground.ts'
import type { LoadGenerator } from '../load/load.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { startScopelift } from '../peers/scopelift.ts'
import type { Point, Surroundings } from './growth.ts'
import type { SizedProgram } from './measure-points.ts'
import { measurePoints, orderFor } from './measure-points.ts'

const SIZES = [1, 10, 100, 1_000, 5_000]
const QUICK_SIZES = [1, 10, 100, 1_000]
/** The first seconds of thousands are those of connecting. */
const SECONDS_OF_MANY = 10
const MANY = 1_000

export async function growConnections(
  ground: Ground,
  load: LoadGenerator,
  { isQuick, rounds }: Surroundings,
): Promise<readonly Point[]> {
  const sized: SizedProgram[] = []
  try {
    for (const size of isQuick ? QUICK_SIZES : SIZES) {
      const program = await startScopelift(ground, PRODUCT)
      const order = orderFor(ground, program, '/free/get')
      const seconds = size < MANY ? order.seconds : SECONDS_OF_MANY
      sized.push({ size, program, order: { ...order, connections: size, seconds } })
    }
    const measured = await measurePoints(sized, load, rounds)
    return measured.map(({ size, ...point }) => ({
      ...point,
      dimension: 'connections, all busy',
      size: String(size),
      remark: size === 1 ? 'one event a turn of the loop' : '',
    }))
  } finally {
    for (const { program } of sized) await program.close()
  }
}
