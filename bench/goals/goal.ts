/** One goal of the issue, and how near it is. */
export interface Goal {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  readonly isMet: boolean
}
