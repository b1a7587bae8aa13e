import { TOKEN_EXCHANGE } from './exchange-request.ts'
import { parseJsonAnswer } from './json-answer.ts'
import type { ReceivedAnswer } from './keycloak-request.ts'

/** What stands at the address of a realm's discovery document. */
export type DiscoveredRealm =
  | {
      readonly kind: 'realm'
      readonly issuer: string
      /** Also where it does not say. */
      readonly offersExchange: boolean
      /** What the realm lists; `undefined` where it lists none. Scopes of the realm, not of a client. */
      readonly scopes: ReadonlySet<string> | undefined
    }
  /** Keycloak starts, or something in front of it has nobody to ask. */
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'wants-https' }
  | { readonly kind: 'no-realm' }
  | { readonly kind: 'not-keycloak' }

/** Reads the answer to a GET of the discovery document (OpenID Connect Discovery 1.0 §4), as proxy and doctor judge it. */
export function readDiscovery(answer: ReceivedAnswer): DiscoveredRealm {
  const { status } = answer
  if (status >= 500 || status === 429) return { kind: 'not-ready' }
  if (status === 404) return { kind: 'no-realm' }
  const document = parseJsonAnswer(answer)
  if (status === 403 && document?.['error_description'] === 'HTTPS required') {
    return { kind: 'wants-https' }
  }
  const issuer = document?.['issuer']
  if (status !== 200 || typeof issuer !== 'string') return { kind: 'not-keycloak' }
  const grantTypes = document?.['grant_types_supported']
  const scopes = document?.['scopes_supported']
  return {
    kind: 'realm',
    issuer,
    offersExchange: !Array.isArray(grantTypes) || grantTypes.includes(TOKEN_EXCHANGE),
    scopes: Array.isArray(scopes) ? new Set(scopes.map(String)) : undefined,
  }
}
