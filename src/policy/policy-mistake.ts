/** One thing that is wrong in a policy file, with its remedy in words; it never quotes what could be a secret. */
export interface PolicyMistake {
  /** From 1. */
  readonly line: number
  readonly reason: string
}

/** Nobody reads further, and a hostile file must not fill the log. */
const MAX_MISTAKES = 50

/** In the order of lines; beyond the bound the last one says how many more there are. */
export function sortMistakes(mistakes: readonly PolicyMistake[]): readonly PolicyMistake[] {
  const sorted = [...mistakes].sort((one, other) => one.line - other.line)
  const last = sorted[MAX_MISTAKES - 1]
  const more = sorted.length - MAX_MISTAKES
  if (last === undefined || more <= 0) return sorted
  const reason = `${last.reason} (and ${more} more)`
  return [...sorted.slice(0, MAX_MISTAKES - 1), { line: last.line, reason }]
}
