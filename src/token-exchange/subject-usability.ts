import type { SubjectToken } from '../subject-token.ts'

export type Unusable =
  | 'not-a-jwt'
  | 'foreign-issuer'
  | 'no-expiry'
  | 'expired'
  | 'no-subject'
  | 'sender-constrained'
  | 'too-long'

const EXPIRY_TOLERANCE_S = 5

/** Keycloak refuses a longer subject token. */
export const MAX_SUBJECT_TOKEN_CHARACTERS = 20_000

/** Why a subject token can never be exchanged, by its claims and length alone: nothing is verified here. */
export function whyUnusableSubject(
  { token, claims }: SubjectToken,
  { issuer, nowMs }: { readonly issuer: string; readonly nowMs: number },
): Unusable | undefined {
  if (claims === undefined) return 'not-a-jwt'
  if (claims.iss !== issuer) return 'foreign-issuer'
  if (claims.exp === undefined) return 'no-expiry'
  if (claims.exp + EXPIRY_TOLERANCE_S < nowMs / 1000) return 'expired'
  if (claims.sub === undefined) return 'no-subject'
  if (claims.isSenderConstrained) return 'sender-constrained'
  return token.expose().length > MAX_SUBJECT_TOKEN_CHARACTERS ? 'too-long' : undefined
}
