/** What a flow must have shown to be true; a demo that shows something else fails loudly. */
export interface Expectations {
  readonly held: number
  readonly failures: readonly string[]
  /** A sentence that names what was expected. */
  expect(sentence: string, holds: boolean): void
}

export function createExpectations(onFailure: (sentence: string) => void): Expectations {
  const failures: string[] = []
  let held = 0
  return {
    get held() {
      return held
    },
    failures,
    expect(sentence, holds) {
      if (holds) {
        held += 1
        return
      }
      failures.push(sentence)
      onFailure(sentence)
    },
  }
}
