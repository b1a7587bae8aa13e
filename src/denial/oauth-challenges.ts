import { fieldValues } from './field-values.ts'
import type { RawHeaders } from './hint.ts'
import type { Challenge } from './parse-challenges.ts'
import { parseChallenges } from './parse-challenges.ts'

/** The challenges of a denial, sorted by what they can say of an access token. */
export interface DenialChallenges {
  /** How many there are, of any scheme. */
  readonly count: number
  /** RFC 6750 §3. */
  readonly bearer: readonly Challenge[]
  /** RFC 9449 §7.1: the same error codes under another scheme. */
  readonly dpop: readonly Challenge[]
  /** Whether any of the two carries an `error`, known to us or not: such a header outranks the body. */
  readonly hasErrorCode: boolean
}

export function readChallenges(headers: RawHeaders): DenialChallenges {
  const challenges = parseChallenges(fieldValues(headers, 'www-authenticate'))
  const bearer = challenges.filter(({ scheme }) => scheme === 'bearer')
  const dpop = challenges.filter(({ scheme }) => scheme === 'dpop')
  const hasErrorCode = [...bearer, ...dpop].some(({ parameters }) => parameters.has('error'))
  return { count: challenges.length, bearer, dpop, hasErrorCode }
}

/** RFC 6750 §3.1: error codes are compared exactly. */
export function hasError(challenge: Challenge, code: string): boolean {
  return challenge.parameters.get('error') === code
}
