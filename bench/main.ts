// Scopelift beside what could stand in its place, in one table: `npm run bench`, `-- --quick`, `-- --rows get,post --peers floor,nginx`,
// `-- --beside dist/other.js` for another build of it in the same run. How to read the table: README.md.
import { createRandom } from '../test/soak/random.ts'
import type { Contestant } from './contestant.ts'
import { goDirect, startContestant } from './contestant.ts'
import { judgeRows } from './goals/judge-rows.ts'
import { measureGoals } from './goals/measure-goals.ts'
import type { Ground } from './ground.ts'
import { layGround } from './ground.ts'
import { pickLoad } from './load/pick-load.ts'
import { buildProduct } from './machine/build-product.ts'
import type { BenchOptions } from './options.ts'
import { parseBenchOptions } from './options.ts'
import { pickPeers } from './peers/pick-peers.ts'
import { describeMachine } from './report/describe-machine.ts'
import { renderGoals } from './report/render-goals.ts'
import { renderLines } from './report/render-lines.ts'
import { summarize } from './report/summarize.ts'
import { writeReport } from './report/write-report.ts'
import { ROWS } from './rows.ts'
import { runRounds } from './run-rounds.ts'

/** At a fixed rate of 200 a second the 99th percentile of so many seconds is the twentieth from the top. */
const GOAL_SECONDS = 10

try {
  const options = parseBenchOptions(process.argv.slice(2))
  buildProduct()
  const ground = await layGround()
  await bench(options, ground).finally(ground.close)
} catch (error) {
  print(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
// Whatever did not start as it should must not keep the run.
process.exit()

async function bench(options: BenchOptions, ground: Ground): Promise<void> {
  const load = pickLoad()
  const { peers, missing } = pickPeers(options)
  const rows = ROWS.filter(({ name }) => options.rows?.includes(name) !== false)
  const remarks = [
    `Machine: ${describeMachine()}.`,
    `Load by ${load.name}, upstream ${ground.upstream.name}; medians of ${options.rounds} rounds of ${options.seconds} s in random order, seed ${options.seed}.`,
    peers.map(({ name, version }) => `- ${name}: ${version}`).join('\n'),
    ...missing.map(({ name }) => `${name} is not installed: left out.`),
  ]
  print(remarks.join('\n'))
  const contestants: Contestant[] = [goDirect(ground)]
  try {
    for (const peer of peers) contestants.push(await startContestant(peer, ground))
    const random = createRandom(options.seed)
    const plan = { ...options, rows, contestants, ground, load, random, say: print }
    const lines = summarize(
      rows,
      contestants.map(({ name }) => name),
      await runRounds(plan),
    )
    const table = renderLines(lines)
    print(`\n${table}\n`)
    const measured = options.hasGoals ? await measureGoals(ground, contestants, GOAL_SECONDS) : []
    const goals = renderGoals([...judgeRows(lines), ...measured])
    print(goals)
    if (options.isWhole) await writeReport('RESULTS.md', 'Results', [...remarks, table, goals])
  } finally {
    for (const { program } of contestants) await program?.close()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
