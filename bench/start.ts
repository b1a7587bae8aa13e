// From exec to the first answer, and what an idle process holds: `npm run bench:start`, `-- --rounds 9`, `-- --node 24` for another Node.
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../test/soak/random.ts'
import type { Ground } from './ground.ts'
import { layGround } from './ground.ts'
import { buildProduct, PRODUCT } from './machine/build-product.ts'
import { scopeliftEnvironment } from './peers/scopelift.ts'
import { describeMachine } from './report/describe-machine.ts'
import { median } from './report/quantile.ts'
import { renderTable, show, showMib } from './report/render-table.ts'
import { shuffle } from './report/shuffle.ts'
import { writeReport } from './report/write-report.ts'
import type { Start, Starter } from './start/time-start.ts'
import { timeStart } from './start/time-start.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    node: { type: 'string' },
  },
})

try {
  buildProduct()
  const ground = await layGround()
  await benchStart(ground).finally(ground.close)
} catch (error) {
  print(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
process.exit()

async function benchStart(ground: Ground): Promise<void> {
  const random = createRandom(Number(values.seed))
  const node = values.node === undefined ? process.execPath : findNode(values.node)
  const nodeVersion = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const starters = await createStarters(ground, node)
  const starts = new Map<Starter, Start[]>(starters.map((starter) => [starter, []]))
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const starter of shuffle(starters, random)) {
      starts.get(starter)?.push(await timeStart(starter))
    }
  }
  const rows = [...starts].map(([{ name }, all]) => [
    name,
    show(median(all.map(({ firstAnswerMs }) => firstAnswerMs)), 0),
    showMib(median(all.map(({ idleRssBytes }) => idleRssBytes))),
  ])
  const remarks = [
    `Machine: ${describeMachine()}. Measured on Node ${nodeVersion}.`,
    `From exec to the end of the first answered request, and the resident memory 2 s later; medians of ${values.rounds} starts in random order, seed ${values.seed}. Goals: under 350 ms, under 75 MiB.`,
  ]
  const table = renderTable(['started', 'first answer ms', 'idle MiB'], rows, 1)
  print(`${remarks.join('\n')}\n\n${table}`)
  if (values.node === undefined) await writeReport('START.md', 'Start', [...remarks, table])
}

/** The image's entry point as the Dockerfile has it: one file that has no package.json near it. */
async function createStarters(ground: Ground, node: string): Promise<readonly Starter[]> {
  const app = join(ground.folder, 'app')
  await mkdir(app)
  const entry = join(app, 'scopelift.mjs')
  await copyFile(PRODUCT, entry)
  const { programs, upstream } = ground
  const env = { NODE_ENV: 'production', UPSTREAM_URL: upstream.url }
  const common = { node, cwd: app }
  return [
    {
      ...common,
      name: 'scopelift, as in the image',
      file: entry,
      env: await scopeliftEnvironment(ground, app),
    },
    { ...common, name: 'plain http-proxy, not bundled', file: programs.plain, env },
    { ...common, name: 'ceiling, not bundled', file: programs.ceiling, env },
    { ...common, name: 'node:http, answering by itself', file: programs.answering, env },
  ]
}

/** npm has Node as a package. */
function findNode(version: string): string {
  const args = ['--yes', '-p', `node@${version}`, '--', 'node', '-p', 'process.execPath']
  return execFileSync('npx', args, { encoding: 'utf8' }).trim()
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
