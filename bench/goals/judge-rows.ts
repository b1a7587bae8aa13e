import { PLAIN } from '../peers/node-peers.ts'
import { SCOPELIFT } from '../peers/pick-peers.ts'
import { show } from '../report/render-table.ts'
import type { Line } from '../report/summarize.ts'
import type { Goal } from './goal.ts'

/** Where the two differ by no more, they are called equal. */
const NEAR_CEILING = 1.1
const NEAR_ORDINARY = 1.05

/** What the table itself says about the goals; rows that were not measured have none. */
export function judgeRows(lines: readonly Line[]): readonly Goal[] {
  const own = (name: string) =>
    lines.find(({ row, peer }) => row.name === name && peer === SCOPELIFT)
  return [
    ...judgeAgainst(own('get'), 'GET', 1.45),
    ...judgeAgainst(own('post'), 'POST 1 KiB', 1.5),
    ...judgeWarm(own('policy-get'), own('get')),
    ...judgeWarm(own('learned-get'), own('get')),
    ...judgeWarm(own('policy-post'), own('post')),
    ...judgeWarm(own('learned-post'), own('post')),
  ]
}

function judgeAgainst(line: Line | undefined, what: string, times: number): readonly Goal[] {
  if (line === undefined) return []
  return [
    {
      what: `${what}: CPU time against ${PLAIN}`,
      wanted: `1/${times} of it or less`,
      measured: `1/${show(line.timesPlain, 2)}`,
      isMet: line.timesPlain >= times,
    },
    {
      what: `${what}: CPU time against the ceiling`,
      wanted: `× ${NEAR_CEILING} or less`,
      measured: `× ${show(1 / line.timesCeiling, 2)}`,
      isMet: 1 / line.timesCeiling <= NEAR_CEILING,
    },
  ]
}

function judgeWarm(line: Line | undefined, ordinary: Line | undefined): readonly Goal[] {
  if (line === undefined || ordinary === undefined) return []
  const times = line.cpuMicros / ordinary.cpuMicros
  return [
    {
      what: `${line.row.title}: CPU time against an ordinary call`,
      wanted: `× ${NEAR_ORDINARY} or less`,
      measured: `× ${show(times, 2)}`,
      isMet: times <= NEAR_ORDINARY,
    },
  ]
}
