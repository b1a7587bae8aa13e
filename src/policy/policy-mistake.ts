/** One thing that is wrong in a policy file, with its remedy in words; it never quotes what could be a secret. */
export interface PolicyMistake {
  /** From 1. */
  readonly line: number
  readonly reason: string
}

/** Nobody reads further, and a hostile file must not fill the log. */
const MAX_MISTAKES = 50

/** In the order of lines; beyond the bound one last entry says how many more there are. */
export function sortMistakes(mistakes: readonly PolicyMistake[]): readonly PolicyMistake[] {
  const sorted = [...mistakes].sort((one, other) => one.line - other.line)
  const beyond = sorted[MAX_MISTAKES]
  if (beyond === undefined) return sorted
  const more = sorted.length - MAX_MISTAKES
  return [...sorted.slice(0, MAX_MISTAKES), { line: beyond.line, reason: `and ${more} more` }]
}
