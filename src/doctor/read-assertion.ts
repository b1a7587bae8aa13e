import { readAssertionFile } from '../config/assertion-file.ts'
import type { ClientAuthenticationConfig } from '../config/config.ts'
import { parseTokenClaims } from '../subject-token.ts'
import { listNames } from './finding.ts'

/** What doctor says of the token in KEYCLOAK_CLIENT_ASSERTION_FILE. */
export interface AssertionFacts {
  /** Why there is none; empty where it can be read. */
  readonly reason: string
  /** What it claims, in words; empty where nothing can be read. */
  readonly claims: string
}

/** Reads it as the proxy does, for a finding; nothing of its signature is judged. */
export async function readAssertion(
  authentication: ClientAuthenticationConfig,
  issuer: string,
): Promise<AssertionFacts> {
  if (authentication.method !== 'federated_jwt') return { reason: '', claims: '' }
  try {
    const { token } = await readAssertionFile(authentication.assertionFile)
    const claims = parseTokenClaims(token.expose())
    if (claims === undefined) return { reason: '', claims: 'its claims cannot be read' }
    const isIssuer = claims.aud.length === 1 && claims.aud[0] === issuer
    const aud = `aud ${listNames(claims.aud)} is ${isIssuer ? '' : 'not '}the issuer alone`
    return { reason: '', claims: `${aud}, sub '${claims.sub ?? ''}', exp ${claims.exp ?? 'none'}` }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'cannot be read', claims: '' }
  }
}
