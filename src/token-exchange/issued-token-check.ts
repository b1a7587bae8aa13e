import type { ScopeRules } from '../policy/route-policy.ts'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'
import type { TokenClaims } from '../subject-token.ts'

export type IssuedTokenVerdict =
  | {
      readonly kind: 'accepted'
      readonly scopes: readonly string[]
      /** Seconds since the epoch. */
      readonly expiresAt: number
      readonly jti: string | undefined
      readonly sid: string | undefined
    }
  | { readonly kind: 'invalid'; readonly claim: InvalidClaim }
  | { readonly kind: 'refused'; readonly reason: UnwantedExtra }
  | { readonly kind: 'scope-not-granted' }

/** What an issued token carries beyond what was asked for, and may not. */
export type UnwantedExtra = 'new-audience' | 'denied-extra-scope'

/** Where an issued token is not what a sound authorization server sends. */
export type InvalidClaim = 'iss' | 'sub' | 'exp' | 'nbf' | 'aud'

export interface IssuedTokenFacts {
  /** Of the issued token, its signature verified. */
  readonly claims: TokenClaims
  /** What the answer's `scope` names. */
  readonly answerScopes: ReadonlySet<string>
  readonly request: ExchangeRequest
  readonly subject: TokenClaims
  readonly issuer: string
  readonly scopeRules: ScopeRules
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

const CLOCK_TOLERANCE_S = 30

/** Whether an issued token is the subject's, for no audience that is new to it but those asked for, and holds what is needed (RFC 9068 §4). */
export function checkIssuedToken(facts: IssuedTokenFacts): IssuedTokenVerdict {
  const { claims, subject, request } = facts
  const claim = findInvalidClaim(facts)
  if (claim !== undefined) return { kind: 'invalid', claim }
  if (addsAudience(facts)) return { kind: 'refused', reason: 'new-audience' }
  if (holdsDeniedExtra(facts)) return { kind: 'refused', reason: 'denied-extra-scope' }
  // Keycloak drops what the user's roles forbid, silently and with 200.
  const isGranted = (scope: string) => facts.answerScopes.has(scope) && claims.scopes.has(scope)
  if (!request.scopes.every(isGranted)) return { kind: 'scope-not-granted' }
  const { jti, sid } = claims.payload
  return {
    kind: 'accepted',
    scopes: [...claims.scopes].sort(),
    expiresAt: Math.min(claims.exp ?? 0, subject.exp ?? 0),
    jti: readText(jti),
    sid: readText(sid),
  }
}

function findInvalidClaim(facts: IssuedTokenFacts): InvalidClaim | undefined {
  const { claims, nowMs } = facts
  const nowS = nowMs / 1000
  const { nbf } = claims.payload
  if (claims.iss !== facts.issuer) return 'iss'
  if (claims.sub === undefined || claims.sub !== facts.subject.sub) return 'sub'
  if (claims.exp === undefined || claims.exp + CLOCK_TOLERANCE_S <= nowS) return 'exp'
  if (typeof nbf === 'number' && nbf - CLOCK_TOLERANCE_S > nowS) return 'nbf'
  return facts.request.audience.every((wanted) => claims.aud.includes(wanted)) ? undefined : 'aud'
}

/**
 * Else an upstream could name the scopes of its neighbour and have a token minted that the neighbour accepts. Where
 * audiences are requested, Keycloak leaves no other in `aud`. Where none is, an operator's own scopes may open one.
 */
function addsAudience({ claims, request, subject }: IssuedTokenFacts): boolean {
  if (request.audience.length === 0 && request.namedBy === 'operator') return false
  const isExpected = (name: string) => request.audience.includes(name) || subject.aud.includes(name)
  return !claims.aud.every(isExpected)
}

function holdsDeniedExtra({ claims, answerScopes, request, scopeRules }: IssuedTokenFacts) {
  return [...claims.scopes, ...answerScopes].some(
    (scope) => !request.scopes.includes(scope) && scopeRules.isDenied(scope),
  )
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
