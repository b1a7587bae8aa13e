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

  constructor(entries: readonly Mistake[]) {
    super(entries.map(toLine).join('\n'))
    this.name = 'ConfigError'
    this.entries = Object.freeze([...entries])
  }
}

function toLine({ variable, reason, example }: Mistake): string {
  const advice = example === undefined ? '' : `; for example ${variable}=${example}`
  return `${variable}: ${reason}${advice}`
}
