/** A clock that stands still until it is told how much time has passed. */
export interface FakeClock {
  /** Milliseconds. */
  readonly now: () => number
  advance(ms: number): void
}

export function createClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms
    },
  }
}
