import type { RawHeaders } from './hint.ts'
import { readJsonBody } from './json-body.ts'
import { llamaStackTexts } from './llama-stack-hints.ts'
import { hasError, readChallenges } from './oauth-challenges.ts'

/** What Llama Stack says of every token that it cannot verify, without a challenge. */
const INVALID_JWT = 'Invalid JWT token'

/**
 * Whether a 401 refuses the bearer token itself, so that a fresh one may help: by a Bearer challenge `invalid_token`, a
 * top-level JSON `error` of that name, or Llama Stack's own sentence as the whole of `error.message` or `error.detail`.
 * A 401 that a handler relays from somewhere else is not of that kind. Same bounds as `readHint`; never throws.
 */
export function isTokenRefusal(status: number, headers: RawHeaders, body: Uint8Array): boolean {
  if (status !== 401) return false
  const { bearer, hasErrorCode } = readChallenges(headers)
  if (hasErrorCode) return bearer.some((challenge) => hasError(challenge, 'invalid_token'))
  const json = readJsonBody(headers, body)
  if (json?.mediaType !== 'json') return false
  const { error } = json.members
  if (error === 'invalid_token') return true
  const texts = llamaStackTexts(json.members)
  return texts.length > 0 && texts.every(({ text }) => text === INVALID_JWT)
}
