import type { Issuer } from './access-tokens.ts'
import { issueAccessToken } from './access-tokens.ts'
import type { TokenFault } from './faults.ts'
import { isValidScope } from './granted-scopes.ts'
import type { OAuthAnswer } from './oauth-answer.ts'
import { refuse } from './oauth-answer.ts'
import type { Client } from './realm.ts'

/** RFC 6749 §4.4: a token of the client's own service account. */
export async function grantToClient(
  issuer: Issuer,
  client: Client,
  form: URLSearchParams,
  fault?: TokenFault,
): Promise<OAuthAnswer> {
  const user = issuer.accounts.find(`service-account-${client.clientId}`)
  if (client.isPublic) {
    return refuse(
      401,
      'unauthorized_client',
      'Public client not allowed to retrieve service account',
    )
  }
  if (!client.hasServiceAccount || user === undefined) {
    return refuse(401, 'unauthorized_client', 'Client not enabled to retrieve service account')
  }
  const scope = form.get('scope') ?? undefined
  if (!isValidScope(client, scope)) {
    return refuse(400, 'invalid_scope', `Invalid scopes: ${scope}`)
  }
  const access = await issueAccessToken(issuer, {
    client,
    user,
    jtiPrefix: 'trrtcc',
    scope,
    sid: undefined,
    fault,
  })
  return {
    status: 200,
    body: {
      access_token: access.token,
      expires_in: access.expiresInS,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      'not-before-policy': 0,
      scope: access.scope,
      ...(fault?.kind === 'answer-fields' && fault.fields),
    },
  }
}
