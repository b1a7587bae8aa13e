import type { TokenClaims } from '../subject-token.ts'

export type Unusable =
  | 'not-a-jwt'
  | 'foreign-issuer'
  | 'no-expiry'
  | 'expired'
  | 'no-subject'
  | 'sender-constrained'

const EXPIRY_TOLERANCE_S = 5

/** Why a subject token can never be exchanged, by its claims alone: nothing is verified here. */
export function whyClaimsUnusable(
  claims: TokenClaims | undefined,
  { issuer, nowMs }: { readonly issuer: string; readonly nowMs: number },
): Unusable | undefined {
  if (claims === undefined) return 'not-a-jwt'
  if (claims.iss !== issuer) return 'foreign-issuer'
  if (claims.exp === undefined) return 'no-expiry'
  if (claims.exp + EXPIRY_TOLERANCE_S < nowMs / 1000) return 'expired'
  if (claims.sub === undefined) return 'no-subject'
  return claims.isSenderConstrained ? 'sender-constrained' : undefined
}
