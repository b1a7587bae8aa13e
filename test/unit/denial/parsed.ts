import { parseChallenges } from '../../../src/denial/parse-challenges.ts'
import type { ReferenceChallenge } from '../../support/reference-challenge-grammar.ts'

export type Model = readonly ReferenceChallenge[]

/** What the real parser reads, in the form of the reference grammar. */
export function parsed(...lines: readonly string[]): Model {
  return parseChallenges(lines).map(({ scheme, parameters }) => ({
    scheme,
    parameters: [...parameters],
  }))
}
