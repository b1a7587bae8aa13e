import type { Issuer } from './access-tokens.ts'
import { TOKEN_EXCHANGE } from './token-endpoint.ts'

/** OpenID Connect Discovery 1.0 §3, as far as this stand-in keeps what it promises. */
export function discoveryDocument({ realm, issuer }: Issuer): Record<string, unknown> {
  const endpoints = `${issuer}/protocol/openid-connect`
  return {
    issuer,
    token_endpoint: `${endpoints}/token`,
    jwks_uri: `${endpoints}/certs`,
    grant_types_supported: ['client_credentials', 'password', TOKEN_EXCHANGE],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    id_token_signing_alg_values_supported: ['RS256'],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', ...realm.clientScopes.keys()],
  }
}
