import { fitsScopeParameter, isScopeToken } from '../scope-token.ts'

export interface ExchangeParameters {
  readonly subjectToken: string
  readonly scopes: readonly string[]
  readonly audience: readonly string[]
}

export type ExchangeForm =
  | { readonly kind: 'form'; readonly form: URLSearchParams }
  | { readonly kind: 'refused'; readonly reason: 'scope-too-long' | 'malformed-scope' }

/** The grant type of RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

/** The form of a token exchange (RFC 8693 §2.1), without the client's credentials. */
export function createExchangeForm(parameters: ExchangeParameters): ExchangeForm {
  if (!parameters.scopes.every(isScopeToken)) return { kind: 'refused', reason: 'malformed-scope' }
  if (!fitsScopeParameter(parameters.scopes)) return { kind: 'refused', reason: 'scope-too-long' }
  const form = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: parameters.subjectToken,
    subject_token_type: ACCESS_TOKEN_TYPE,
    requested_token_type: ACCESS_TOKEN_TYPE,
  })
  // An empty `scope` is a 400 at Keycloak; none at all means the client's defaults.
  if (parameters.scopes.length > 0) form.set('scope', parameters.scopes.join(' '))
  for (const audience of parameters.audience) form.append('audience', audience)
  return { kind: 'form', form }
}
