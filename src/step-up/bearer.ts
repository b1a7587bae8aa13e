import type { IssuedToken } from '../issued-token.ts'

/**
 * The header lines with the issued token in place of the caller's: replaced, never appended, since the last of several
 * wins at some upstreams. The scheme is written `Bearer`, since OGX compares it with regard to case.
 */
export function withBearer(headers: readonly string[], token: IssuedToken): string[] {
  const replaced = [...headers]
  for (let i = 0; i < replaced.length; i += 2) {
    if (replaced[i]?.toLowerCase() === 'authorization') {
      replaced[i + 1] = `Bearer ${token.accessToken.expose()}`
    }
  }
  return replaced
}
