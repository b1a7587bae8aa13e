// The real process under load and faults, measured from outside: `npm run test:soak`, `-- --short` for CI,
// `--seed N` to have the same draws again, `--only <scenario>`.
import { setTimeout as wait } from 'node:timers/promises'
import type { SoakOptions } from './options.ts'
import { parseSoakOptions } from './options.ts'
import { createRandom } from './random.ts'
import type { Report, Scenario } from './scenario.ts'
import { judge } from './scenario.ts'
import { eventStreams } from './scenarios/event-streams.ts'
import { keptConnections } from './scenarios/kept-connections.ts'
import { randomFaults } from './scenarios/random-faults.ts'
import { shutdown } from './scenarios/shutdown.ts'
import { tunnels } from './scenarios/tunnels.ts'
import { uploads } from './scenarios/uploads.ts'
import { upstreamRestart } from './scenarios/upstream-restart.ts'
import { checkBuilt } from './sidecar-process.ts'

const SCENARIOS: readonly Scenario[] = [
  randomFaults,
  uploads,
  eventStreams,
  keptConnections,
  tunnels,
  shutdown,
  upstreamRestart,
]

const tally = { passed: 0, failed: 0 }
const summary: string[] = []
process.exitCode = await main()
print(`${tally.passed} passed, ${tally.failed} failed`)
// What a scenario that failed has left open must not keep the run.
process.exit()

async function main(): Promise<number> {
  try {
    const options = parseSoakOptions(process.argv.slice(2))
    checkBuilt()
    const chosen = SCENARIOS.filter(
      ({ name }) => options.only === undefined || name === options.only,
    )
    if (chosen.length === 0) throw new Error(`there is no scenario "${options.only}"`)
    print(
      `seed ${options.seed}, ${options.isShort ? 'short' : 'full'} form, Node ${process.version}`,
    )
    for (const scenario of chosen) await runScenario(scenario, options)
    print(`\n${'scenario'.padEnd(20)}passed  failed  seconds  seed`)
    for (const line of summary) print(line)
  } catch (error) {
    tally.failed += 1
    print(`✗ ${error instanceof Error ? error.message : String(error)}`)
  }
  return tally.failed === 0 ? 0 : 1
}

async function runScenario(scenario: Scenario, options: SoakOptions): Promise<void> {
  print(`\n${scenario.name}`)
  const startedAt = performance.now()
  const { figures, verdicts } = await reportOf(scenario, options)
  const width = Math.max(...figures.map(({ name }) => name.length), 0)
  for (const { name, value } of figures) print(`  ${name.padEnd(width)}  ${value}`)
  for (const { sentence, passed, seen } of verdicts)
    print(`  ${passed ? '✓' : '✗'} ${sentence} (${seen})`)
  const passed = verdicts.filter((verdict) => verdict.passed).length
  const failed = verdicts.length - passed
  tally.passed += passed
  tally.failed += failed
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const cells = [String(passed).padStart(6), String(failed).padStart(6), seconds.padStart(7)]
  summary.push(`${scenario.name.padEnd(20)}${cells.join('  ')}  ${options.seed}`)
}

async function reportOf(scenario: Scenario, options: SoakOptions): Promise<Report> {
  const { isShort, seed } = options
  const deadlineMs = isShort ? scenario.deadlineMs.short : scenario.deadlineMs.full
  const running = scenario.run({
    isShort,
    seed,
    random: (index = 0) => createRandom(seed, index),
    say: (line) => print(`  · ${line}`),
  })
  const late = wait(deadlineMs, undefined, { ref: false }).then(() => {
    throw new Error(`not done after ${deadlineMs / 1000} s`)
  })
  try {
    return await Promise.race([running, late])
  } catch (error) {
    const seen = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { figures: [], verdicts: [judge('the scenario runs to its end', false, seen)] }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
