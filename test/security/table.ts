import type { GroupResult, LineResult } from './run-groups.ts'

const MARKS = { passed: '✓', failed: '✗', untestable: '–' } as const
const INDENT = ' '.repeat(9)
const WIDTH = 110

/** One row: mark, id, rule in words, number of checks; below it what was seen where one failed. */
export function renderLine(line: LineResult): string {
  const { status, id, topic, rule, failures } = line
  const rows = wrap(`${topic}: ${rule}`, WIDTH - INDENT.length)
  const [first = '', ...more] = rows
  const head = `  ${MARKS[status]} ${id.padEnd(4)} ${first}`
  const text = [head, ...more.map((row) => `${INDENT}${row}`), `${INDENT}${countOf(line)}`]
  for (const { check, seen } of failures) text.push(`${INDENT}✗ ${check}`, `${INDENT}  saw ${seen}`)
  return text.join('\n')
}

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly untestable: number
}

export function totalsOf(groups: readonly GroupResult[]): Totals {
  const lines = groups.flatMap((group) => group.lines)
  const sum = (key: keyof Totals) => lines.reduce((total, line) => total + line[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), untestable: sum('untestable') }
}

/** How the lines ended, the checks that could not run, and last the line that counts. */
export function renderTotals(groups: readonly GroupResult[]): string {
  const lines = groups.flatMap((group) => group.lines)
  const count = (status: LineResult['status']) =>
    lines.filter((line) => line.status === status).length
  const { passed, failed, untestable } = totalsOf(groups)
  return [
    `${lines.length} lines: ${count('passed')} ✓, ${count('failed')} ✗, ${count('untestable')} –`,
    ...(untestable === 0
      ? []
      : [`${untestable} checks cannot be made at this target: not counted.`]),
    `${passed} passed, ${failed} failed`,
  ].join('\n')
}

function countOf({ passed, failed, untestable, durationMs }: LineResult): string {
  const all = passed + failed + untestable
  const checks = `${all} ${all === 1 ? 'check' : 'checks'}`
  if (untestable === all) return `${checks}, none possible at this target`
  const part = untestable === 0 ? checks : `${all - untestable} of ${checks}`
  return `${part}, ${durationMs} ms`
}

function wrap(text: string, width: number): readonly string[] {
  const rows: string[] = []
  let row = ''
  for (const word of text.split(' ')) {
    if (row !== '' && row.length + word.length + 1 > width) {
      rows.push(row)
      row = word
    } else row = row === '' ? word : `${row} ${word}`
  }
  return [...rows, row]
}
