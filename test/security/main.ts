// The security kit: `npm run test:security`, or with `-- --target URL` against any deployment (`-- --help`).

import { setTimeout } from 'node:timers/promises'
import { openBench } from './bench.ts'
import type { Group } from './check.ts'
import { GROUPS } from './groups.ts'
import type { RunOptions } from './parse-arguments.ts'
import { parseArguments, USAGE } from './parse-arguments.ts'
import type { LineResult } from './run-groups.ts'
import { runGroups } from './run-groups.ts'
import { renderLine, renderTotals, totalsOf } from './table.ts'

const EXIT_USAGE = 64
const CLOSE_DEADLINE_MS = 3_000

const command = parseArguments(process.argv.slice(2))
switch (command.kind) {
  case 'help':
    process.stdout.write(USAGE)
    break
  case 'wrong':
    process.stderr.write(`${command.reason}\n\n${USAGE}`)
    process.exitCode = EXIT_USAGE
    break
  case 'run': {
    const code = await run(command.options)
    // A hostile peer may have left a socket open.
    process.stdout.write('', () => process.exit(code))
  }
}

async function run(options: RunOptions): Promise<number> {
  const closers: (() => unknown)[] = []
  let title = ''
  const print = (group: Group, line: LineResult) => {
    if (options.isJson) return
    if (group.title !== title) process.stdout.write(`\n${group.title}\n`)
    title = group.title
    process.stdout.write(`${renderLine(line)}\n`)
  }
  try {
    const bench = await openBench({ teardown: (close) => void closers.push(close) }, options)
    const groups = await runGroups(GROUPS, bench, print)
    const totals = totalsOf(groups)
    process.stdout.write(
      options.isJson
        ? `${JSON.stringify({ target: options.target ?? 'self-hosted', groups, ...totals }, null, 2)}\n`
        : `\n${renderTotals(groups)}\n`,
    )
    return totals.failed > 0 || totals.passed === 0 ? 1 : 0
  } catch (error) {
    process.stderr.write(
      `The bench cannot be set up: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return 1
  } finally {
    const closed = Promise.allSettled(closers.reverse().map((close) => close()))
    await Promise.race([closed, setTimeout(CLOSE_DEADLINE_MS)])
  }
}
