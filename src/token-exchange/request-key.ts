import { hash } from 'node:crypto'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'

/**
 * The key of an exchange in every cache: SHA-256 over the subject token's digest, the audience and the scopes, JSON
 * around them so that no two requests encode alike. Without an audience it matters who named the scopes: a token
 * accepted for the operator may have an audience that an upstream must not have minted.
 */
export function createRequestKey(request: ExchangeRequest): string {
  const { subject, audience, scopes, namedBy } = request
  const trust = audience.length === 0 ? namedBy : ''
  return hash('sha256', JSON.stringify([subject.digest, audience, scopes, trust]), 'base64url')
}
