import type { Sample } from '../measure-row.ts'
import { CEILING, PLAIN } from '../peers/node-peers.ts'
import type { Row } from '../rows.ts'
import { median } from './quantile.ts'

/** Medians over the rounds of one row at one proxy. */
export interface Line {
  readonly row: Row
  readonly peer: string
  readonly requestsPerSecond: number
  readonly cpuMicros: number
  /** How many times less CPU time than the two take for the row's ordinary form; of the same round each. */
  readonly timesPlain: number
  readonly timesCeiling: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssBytes: number
}

/** In the order of the names. */
export function summarize(
  rows: readonly Row[],
  peers: readonly string[],
  samples: readonly Sample[],
): readonly Line[] {
  return rows.flatMap((row) =>
    peers
      .map((peer) => summarizeOne(row, peer, samples))
      .filter((line) => !Number.isNaN(line.requestsPerSecond)),
  )
}

function summarizeOne(row: Row, peer: string, samples: readonly Sample[]): Line {
  const own = samples.filter((sample) => sample.row === row.name && sample.peer === peer)
  const medianOf = (value: (sample: Sample) => number) => median(own.map(value))
  return {
    row,
    peer,
    requestsPerSecond: medianOf(({ requestsPerSecond }) => requestsPerSecond),
    cpuMicros: medianOf(({ cpuMicros }) => cpuMicros),
    timesPlain: medianOf(timesLessThan(row.base, PLAIN, samples)),
    timesCeiling: medianOf(timesLessThan(row.base, CEILING, samples)),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
    rssBytes: medianOf(({ rssBytes }) => rssBytes),
  }
}

/** Ratios of the CPU time in one round: the machine is the same then. */
export function timesLessThan(row: string, peer: string, samples: readonly Sample[]) {
  return (sample: Sample): number => {
    const other = samples.find(
      (one) => one.row === row && one.peer === peer && one.round === sample.round,
    )
    return (other?.cpuMicros ?? Number.NaN) / sample.cpuMicros
  }
}
