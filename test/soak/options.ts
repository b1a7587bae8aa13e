import { parseArgs } from 'node:util'

export interface SoakOptions {
  /** The form for CI: the same scenarios with smaller numbers. */
  readonly isShort: boolean
  readonly seed: number
  /** Run only the scenario of this name. */
  readonly only: string | undefined
}

/** Throws with a sentence for the operator where the arguments are not understood. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      seed: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const seed = values.seed === undefined ? Date.now() % 0x1_0000_0000 : Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed must be a whole number')
  return { isShort: values.short, seed, only: values.only }
}
