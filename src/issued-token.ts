import type { Secret } from './secret.ts'

/** What the exchange returned and the verification accepted (RFC 8693 §2.2). The caller never sees it. */
export interface IssuedToken {
  readonly accessToken: Secret
  /** Scope tokens that the issued token really holds, sorted. */
  readonly scopes: readonly string[]
  /** Seconds since the epoch, the earlier of the issued and the subject token's `exp`. */
  readonly expiresAt: number
  /** Keycloak's event names the token by these two: they belong in the audit line. */
  readonly jti: string | undefined
  readonly sid: string | undefined
}
