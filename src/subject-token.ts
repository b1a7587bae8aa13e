import type { Secret } from './secret.ts'

/** What a token says of itself, decoded but not verified. `undefined` stands for a claim that is missing or has the wrong type. */
export interface TokenClaims {
  readonly iss: string | undefined
  readonly sub: string | undefined
  /** Seconds since the epoch (RFC 7519 §4.1.4). */
  readonly exp: number | undefined
  readonly aud: readonly string[]
  /** The `scope` claim, split at spaces (RFC 9068 §2.2.3). */
  readonly scopes: ReadonlySet<string>
  /** Whether the token is bound to a key (`cnf`, RFC 7800): Keycloak refuses to exchange such a token. */
  readonly isSenderConstrained: boolean
  /** The whole payload, for policies that read other claims. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** The caller's access token as it came in, with what can be read of it. */
export interface SubjectToken {
  readonly token: Secret
  /** SHA-256 of the whole token, base64url: the only form in which caches know it. */
  readonly digest: string
  /** `undefined` where the bearer is no JWT. */
  readonly claims: TokenClaims | undefined
}
