import type { Random } from './random.ts'

/** What a scenario is given. */
export interface Surroundings {
  readonly isShort: boolean
  readonly seed: number
  /** A stream of its own for the scenario; `index` for a part of it. */
  random(index?: number): Random
  /** A line of progress for the operator. */
  say(line: string): void
}

export interface Scenario {
  readonly name: string
  /** Longest time that the scenario may take, in milliseconds, in its short and its full form. */
  readonly deadlineMs: { readonly short: number; readonly full: number }
  run(surroundings: Surroundings): Promise<Report>
}

export interface Report {
  /** What was measured, for people to read; not judged. */
  readonly figures: readonly Figure[]
  /** What had to hold. */
  readonly verdicts: readonly Verdict[]
}

export interface Figure {
  readonly name: string
  readonly value: string
}

export interface Verdict {
  /** A sentence that is true when the check passes, with its tolerance. */
  readonly sentence: string
  readonly passed: boolean
  /** What was seen. */
  readonly seen: string
}

export function judge(sentence: string, passed: boolean, seen: string | number): Verdict {
  return { sentence, passed, seen: String(seen) }
}

/** A list of defects, judged as a whole: the first few are shown. */
export function judgeDefects(sentence: string, defects: readonly string[]): Verdict {
  const shown = defects.slice(0, 5).join(' | ')
  return judge(sentence, defects.length === 0, `${defects.length}${shown && `: ${shown}`}`)
}
