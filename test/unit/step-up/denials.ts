import type { Answer } from './attempt.ts'

/** A denial whose header names the scopes. */
export function challenge(...scopes: readonly string[]): Answer {
  return {
    status: 403,
    statusMessage: 'Forbidden',
    headers: [
      'WWW-Authenticate',
      `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`,
      'X-Denied',
      'yes',
    ],
    body: 'denied',
  }
}

/** A denial whose JSON body names the scopes: nothing can be known of it before its end. */
export function jsonDenial(...scopes: readonly string[]): Answer {
  return json(403, { error: 'insufficient_scope', scope: scopes.join(' ') })
}

/** A denial that speaks of no scope. */
export const PLAIN_DENIAL: Answer = {
  status: 403,
  statusMessage: 'Nope',
  headers: ['content-type', 'text/plain', 'X-Denied', 'plain'],
  body: 'no',
}

export const EXPIRED: Answer = {
  status: 401,
  headers: ['www-authenticate', 'Bearer error="invalid_token"'],
  body: 'expired',
}

export const GRANTED: Answer = {
  status: 200,
  statusMessage: 'OK',
  headers: ['content-type', 'text/plain'],
  body: 'granted',
}

export function json(status: number, value: unknown): Answer {
  return { status, headers: ['content-type', 'application/json'], body: JSON.stringify(value) }
}
