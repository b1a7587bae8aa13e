import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { textAt } from '../authorization-server/json-fields.ts'

/** What the stand-in knows of a caller once the token is verified. */
export interface Caller {
  readonly sub: string
  readonly scopes: ReadonlySet<string>
}

export type Authentication =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

export interface TokenRules {
  readonly issuer: string
  readonly jwksUri: string
  readonly audience: string
  /** How soon the key set may be fetched again for an unknown key. */
  readonly keyCooldownMs: number
}

/** Judges an `Authorization` value as OGX 1.5 does: its 401s, word by word, and 503 while the key set cannot be had. */
export function createTokenCheck(
  rules: TokenRules,
): (authorization: string | undefined) => Promise<Authentication> {
  const keys = createRemoteJWKSet(new URL(rules.jwksUri), { cooldownDuration: rules.keyCooldownMs })
  const { issuer, audience } = rules

  return async (authorization) => {
    if (authorization === undefined) {
      return refused(
        401,
        `Authentication required. Please provide a valid OAuth2 Bearer token from ${issuer}`,
      )
    }
    // The scheme is case-sensitive there, against RFC 9110 §11.1.
    const [, token] = /^Bearer (.+)$/.exec(authorization) ?? []
    if (token === undefined) return refused(401, 'Invalid Authorization header format')
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] })
      if (payload.sub === undefined) return refused(401, 'Authentication service error')
      const scopes = new Set(textAt(payload, 'scope')?.split(' '))
      return { kind: 'caller', caller: { sub: payload.sub, scopes } }
    } catch (error) {
      return isTokenAtFault(error)
        ? refused(401, 'Invalid JWT token')
        : refused(503, 'Authentication service unavailable')
    }
  }
}

function refused(status: number, message: string): Authentication {
  return { kind: 'refused', status, message }
}

function isTokenAtFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC'
  )
}
