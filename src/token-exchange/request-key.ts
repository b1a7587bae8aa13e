import { hash } from 'node:crypto'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'

/** A longer one is kept by its digest; to make that of a short one would cost more than it saves. */
const MAX_CHARACTERS = 256

/**
 * The key of an exchange in every cache: the subject token's digest, the audience and the scopes, as JSON so that no two
 * requests encode alike, or SHA-256 of that where it is long: no digest begins with a bracket. Without an audience it matters who named the scopes: a token
 * accepted for the operator may have an audience that an upstream must not have minted.
 */
export function createRequestKey(request: ExchangeRequest): string {
  const { subject, audience, scopes, namedBy } = request
  const trust = audience.length === 0 ? namedBy : ''
  const text = JSON.stringify([subject.digest, audience, scopes, trust])
  return text.length <= MAX_CHARACTERS ? text : hash('sha256', text, 'base64url')
}
