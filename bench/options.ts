import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly rounds: number
  readonly seconds: number
  readonly seed: number
  /** Names of rows and proxies; none: all. */
  readonly rows: readonly string[] | undefined
  readonly peers: readonly string[] | undefined
  /** Another build of Scopelift to measure in the same run. */
  readonly beside: string | undefined
  /** Whole runs only are kept: a part, or a hasty one, is printed and forgotten. */
  readonly isWhole: boolean
  readonly hasGoals: boolean
}

/** Throws with a sentence for whoever typed it. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      rows: { type: 'string' },
      peers: { type: 'string' },
      beside: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-goals': { type: 'boolean', default: false },
    },
  })
  const { quick, rows, peers, beside } = values
  return {
    rounds: readNumber('--rounds', values.rounds, quick ? 3 : 7),
    seconds: readNumber('--seconds', values.seconds, 1),
    seed: readNumber('--seed', values.seed, Date.now() % 0x1_0000_0000),
    rows: rows?.split(','),
    peers: peers?.split(','),
    beside,
    isWhole: !quick && [rows, peers, beside].every((one) => one === undefined),
    hasGoals: !values['no-goals'],
  }
}

function readNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1`)
  return value
}
