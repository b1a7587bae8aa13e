// How cost grows: `npm run bench:scale`, `-- --quick` for smaller numbers, `-- --only tokens,routes` for a part.
import { parseArgs } from 'node:util'
import type { Ground } from './ground.ts'
import { layGround } from './ground.ts'
import { pickLoad } from './load/pick-load.ts'
import { buildProduct } from './machine/build-product.ts'
import { describeMachine } from './report/describe-machine.ts'
import { renderPoints } from './report/render-points.ts'
import { writeReport } from './report/write-report.ts'
import { growConnections } from './scale/connections.ts'
import type { Point, Surroundings } from './scale/growth.ts'
import { growReplayBodies } from './scale/replay-bodies.ts'
import { growRoutes } from './scale/routes.ts'
import { growSlowTransfers } from './scale/slow-readers.ts'
import { growStreams } from './scale/streams.ts'
import { growTokens } from './scale/tokens.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
  },
})

try {
  buildProduct()
  const ground = await layGround()
  await benchScale(ground).finally(ground.close)
} catch (error) {
  print(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
process.exit()

async function benchScale(ground: Ground): Promise<void> {
  const load = pickLoad()
  const around: Surroundings = { isQuick: values.quick, rounds: Number(values.rounds), say: print }
  const growths: Readonly<Record<string, () => Promise<readonly Point[]>>> = {
    routes: () => growRoutes(ground, load, around),
    connections: () => growConnections(ground, load, around),
    streams: () => growStreams(ground),
    bodies: () => growReplayBodies(ground, around),
    transfers: () => growSlowTransfers(ground, around),
    tokens: () => growTokens(ground, load, around),
  }
  const points: Point[] = []
  for (const [name, grow] of Object.entries(growths)) {
    if (values.only?.split(',').includes(name) === false) continue
    const grown = await grow()
    print(`\n${renderPoints(grown)}`)
    points.push(...grown)
  }
  if (values.quick || values.only !== undefined) return
  const remark = `Machine: ${describeMachine()}. Load by ${load.name}; CPU time by medians of ${values.rounds} rounds, the sizes of one kind by turns.`
  await writeReport('SCALE.md', 'How cost grows', [remark, renderPoints(points)])
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
