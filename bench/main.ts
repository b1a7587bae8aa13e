// Scopelift beside what could stand in its place, in one table: `npm run bench`, `-- --quick`, `-- --rows get,post --peers ceiling`,
// `-- --beside dist/other.js` for another build of it in the same run. How to read the table: README.md.
import { createRandom } from '../test/soak/random.ts'
import type { Contestant } from './contestant.ts'
import { goDirect, startContestant } from './contestant.ts'
import type { Ground } from './ground.ts'
import { layGround } from './ground.ts'
import { closedLoop } from './load/closed-loop.ts'
import { createWrk } from './load/wrk.ts'
import { buildProduct } from './machine/build-product.ts'
import { findInstalled } from './machine/installed.ts'
import type { BenchOptions } from './options.ts'
import { parseBenchOptions } from './options.ts'
import { pickPeers } from './peers/pick-peers.ts'
import { renderLines } from './report/render-lines.ts'
import { summarize } from './report/summarize.ts'
import { ROWS } from './rows.ts'
import { runRounds } from './run-rounds.ts'

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
  const wrk = findInstalled('wrk', ['-v'])
  const load = wrk === undefined ? closedLoop : createWrk(wrk)
  const { peers, missing } = pickPeers(options)
  print(`seed ${options.seed}, load by ${load.name}, upstream ${ground.upstream.name}`)
  for (const { name } of missing) print(`${name} is not installed: left out`)
  const rows = ROWS.filter(({ name }) => options.rows?.includes(name) !== false)
  const contestants: Contestant[] = [goDirect(ground)]
  try {
    for (const peer of peers) contestants.push(await startContestant(peer, ground))
    const random = createRandom(options.seed)
    const samples = await runRounds({
      ...options,
      rows,
      contestants,
      ground,
      load,
      random,
      say: print,
    })
    print(`\n${renderLines(summarize(rows, samples))}`)
  } finally {
    for (const { program } of contestants) await program?.close()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
