import type { Issuer } from './access-tokens.ts'
import { authenticateClient } from './client-authentication.ts'
import { grantToClient } from './client-credentials-grant.ts'
import type { TokenFault } from './faults.ts'
import type { OAuthAnswer } from './oauth-answer.ts'
import { refuse } from './oauth-answer.ts'
import { grantByPassword } from './password-grant.ts'
import { exchangeToken } from './token-exchange-grant.ts'

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

export interface TokenRequest {
  readonly form: URLSearchParams
  readonly authorization: string | undefined
  readonly origin: string | undefined
  readonly fault: TokenFault | undefined
}

const MAX_PARAMETER_CHARS = 4000
const MAX_TOKEN_CHARS = 20_000

/** The token endpoint: grant type, client, duplicates, lengths, and then the grant, in Keycloak's order. */
export async function answerTokenRequest(
  issuer: Issuer,
  { form, authorization, origin, fault }: TokenRequest,
): Promise<OAuthAnswer> {
  const grant = form.get('grant_type')
  if (grant === null) return refuse(400, 'invalid_request', 'Missing form parameter: grant_type')
  const answer = GRANTS[grant]
  if (answer === undefined) {
    return refuse(400, 'unsupported_grant_type', 'Unsupported grant_type')
  }
  const authenticated = authenticateClient(issuer.realm, authorization, form)
  if (authenticated.kind === 'refused') return authenticated.answer
  // No client of this stand-in has web origins, so every Origin is a foreign one.
  if (origin !== undefined) return { status: 403, body: { error: 'Invalid origin' } }
  if (hasDuplicates(form, grant === TOKEN_EXCHANGE ? ['audience', 'resource'] : [])) {
    return refuse(400, 'invalid_request', 'duplicated parameter')
  }
  return dropLongParameters(form) ?? answer(issuer, authenticated.client, form, fault)
}

const GRANTS: Readonly<Record<string, typeof exchangeToken>> = {
  password: grantByPassword,
  client_credentials: grantToClient,
  [TOKEN_EXCHANGE]: exchangeToken,
}

function hasDuplicates(form: URLSearchParams, repeatable: readonly string[]): boolean {
  return [...new Set(form.keys())].some(
    (name) => form.getAll(name).length > 1 && !repeatable.includes(name),
  )
}

/** Keycloak passes over a parameter that is too long as if it had not been sent; only a token that is too long is refused. */
function dropLongParameters(form: URLSearchParams): OAuthAnswer | undefined {
  for (const name of new Set(form.keys())) {
    const isToken = name === 'subject_token'
    const chars = form.getAll(name).join('').length
    if (chars <= (isToken ? MAX_TOKEN_CHARS : MAX_PARAMETER_CHARS)) continue
    if (isToken) {
      const words = "The size of OIDC parameter 'subject_token' is longer than allowed."
      return refuse(400, 'invalid_request', words)
    }
    form.delete(name)
  }
  return undefined
}
