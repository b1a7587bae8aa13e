import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import type { ClientFault } from './client-fault.ts'
import { parseJsonAnswer } from './json-answer.ts'
import type { ReceivedAnswer } from './keycloak-request.ts'

/** What an answer of the token endpoint means to us. */
export type ExchangeAnswer =
  | IssuedAnswer
  /** The subject token is dead, too big, or not for our client. */
  | {
      readonly kind: 'dead-token'
      readonly reason: 'invalid-token' | 'subject-token-too-long' | 'not-for-our-client'
    }
  | {
      readonly kind: 'refused-for-user'
      readonly reason: 'consent-missing' | 'audience-not-available' | 'unexpected-refusal'
    }
  /** One of the scopes is not attached to our client, which refuses the whole set. */
  | { readonly kind: 'invalid-scopes' }
  | { readonly kind: 'misconfigured'; readonly fault: ClientFault }
  | {
      readonly kind: 'unavailable'
      readonly reason:
        | 'server-error'
        | 'too-many-requests'
        | 'unreadable-answer'
        /** A 4xx that is not Keycloak's: whatever sent it is alive, so the breaker does not count it. */
        | 'unreadable-refusal'
    }

export interface IssuedAnswer {
  readonly kind: 'issued'
  readonly accessToken: Secret
  /** Lifetime in seconds, `undefined` where the answer names none (RFC 8693 §2.2.1: recommended). */
  readonly expiresInS: number | undefined
  readonly scopes: ReadonlySet<string>
}

interface RefusalBody {
  readonly error: string
  readonly description: string
}

const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Judges an answer by (status, `error`). Descriptions are read only for the splits that Keycloak makes nowhere else.
 * A refusal nobody has foreseen counts against this request alone, never against our client.
 */
export function parseExchangeResponse(answer: ReceivedAnswer): ExchangeAnswer {
  const { status } = answer
  if (status >= 500) return { kind: 'unavailable', reason: 'server-error' }
  if (status === 429) return { kind: 'unavailable', reason: 'too-many-requests' }
  const body = parseJsonAnswer(answer)
  if (status === 200) return readIssued(body)
  if (status < 400) return { kind: 'unavailable', reason: 'unreadable-answer' }
  if (status === 404) return misconfigured('realm-not-found')
  const refusal = readRefusal(body)
  if (status === 401) {
    const isSecretWrong = refusal?.error === 'unauthorized_client'
    return misconfigured(isSecretWrong ? 'client-secret' : 'client-unknown')
  }
  if (refusal === undefined) return { kind: 'unavailable', reason: 'unreadable-refusal' }
  if (status === 403 && refusal.error === 'access_denied') {
    return refusal.description === 'Realm not enabled'
      ? misconfigured('realm-disabled')
      : { kind: 'dead-token', reason: 'not-for-our-client' }
  }
  return status === 400 ? judgeBadRequest(refusal) : refusedForUser('unexpected-refusal')
}

function judgeBadRequest({ error, description }: RefusalBody): ExchangeAnswer {
  switch (error) {
    case 'invalid_client':
      return misconfigured(
        description === 'Audience not found' ? 'audience-unknown' : 'client-authentication',
      )
    case 'unauthorized_client':
      return misconfigured('client-authentication')
    case 'unsupported_grant_type':
      return misconfigured('exchange-not-supported')
    case 'invalid_scope':
      if (description.startsWith('Invalid scopes')) return { kind: 'invalid-scopes' }
      if (description.startsWith('Missing consents')) return refusedForUser('consent-missing')
      return refusedForUser('unexpected-refusal')
    case 'invalid_request':
      return judgeInvalidRequest(description)
    default:
      return refusedForUser('unexpected-refusal')
  }
}

function judgeInvalidRequest(description: string): ExchangeAnswer {
  if (description === 'Invalid token') return { kind: 'dead-token', reason: 'invalid-token' }
  if (description.endsWith('longer than allowed')) {
    return { kind: 'dead-token', reason: 'subject-token-too-long' }
  }
  if (description.startsWith('Requested audience not available')) {
    return refusedForUser('audience-not-available')
  }
  if (description.startsWith('Standard token exchange is not enabled')) {
    return misconfigured('exchange-not-enabled')
  }
  return refusedForUser('unexpected-refusal')
}

function readIssued(body: Readonly<Record<string, unknown>> | undefined): ExchangeAnswer {
  const { access_token: token, token_type: type, expires_in: expiresIn, scope } = body ?? {}
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer'
  if (typeof token !== 'string' || !TOKEN68.test(token) || !isBearer) {
    return { kind: 'unavailable', reason: 'unreadable-answer' }
  }
  const hasLifetime = typeof expiresIn === 'number' && Number.isFinite(expiresIn)
  return {
    kind: 'issued',
    accessToken: createSecret(token),
    expiresInS: hasLifetime ? expiresIn : undefined,
    // Always there at Keycloak, perhaps empty: a scope that is not named here was not granted.
    scopes: new Set(typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []),
  }
}

function readRefusal(body: Readonly<Record<string, unknown>> | undefined): RefusalBody | undefined {
  const { error, error_description: description } = body ?? {}
  if (typeof error !== 'string') return undefined
  return { error, description: typeof description === 'string' ? description : '' }
}

function misconfigured(fault: ClientFault): ExchangeAnswer {
  return { kind: 'misconfigured', fault }
}

function refusedForUser(
  reason: 'consent-missing' | 'audience-not-available' | 'unexpected-refusal',
): ExchangeAnswer {
  return { kind: 'refused-for-user', reason }
}
