/** What Scopelift costs at one size of what grows. */
export interface Point {
  readonly dimension: string
  readonly size: string
  readonly cpuMicros: number
  readonly rssBytes: number
  /** What the two numbers do not say, e.g. bytes an entry. */
  readonly remark: string
}

export interface Surroundings {
  readonly isQuick: boolean
  readonly rounds: number
  readonly say: (line: string) => void
}
