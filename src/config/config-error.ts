/** One mistake in the configuration, in words that hold no value of any variable. */
export interface Mistake {
  /** The variable, or the option of the command line. */
  readonly variable: string
  /** Follows the variable's name: `must be …`, `is missing`. */
  readonly reason: string
  /** A valid value; none where the mistake lies in a file that the variable names. */
  readonly example?: string
}

/** Every mistake of a configuration at once; the process exits with 78. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  readonly entries: readonly Mistake[]

  /** `hints` follow the mistakes: a misspelled variable is often why another one is missing. */
  constructor(entries: readonly Mistake[], hints: readonly string[] = []) {
    super([...entries.map(toLine), ...hints].join('\n'))
    this.name = 'ConfigError'
    this.entries = Object.freeze([...entries])
  }
}

function toLine({ variable, reason, example }: Mistake): string {
  const advice = example === undefined ? '' : `; for example ${variable}=${example}`
  return `${variable}: ${reason}${advice}`
}
