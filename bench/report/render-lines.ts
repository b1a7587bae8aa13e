import { renderTable, show, showMib } from './render-table.ts'
import type { Line } from './summarize.ts'

const HEAD = ['row', 'proxy', 'req/s', 'CPU µs', '× plain', '× ceiling', 'p50 ms', 'p99 ms', 'MiB']

export function renderLines(lines: readonly Line[]): string {
  const rows = lines.map((line, i) => [
    lines[i - 1]?.row === line.row ? '' : line.row.title,
    line.peer,
    show(line.requestsPerSecond, 0),
    show(line.cpuMicros, 1),
    show(line.timesPlain, 2),
    show(line.timesCeiling, 2),
    show(line.p50Ms, 2),
    show(line.p99Ms, 2),
    showMib(line.rssBytes),
  ])
  return renderTable(HEAD, rows, 2)
}
