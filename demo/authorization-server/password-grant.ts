import { randomUUID } from 'node:crypto'
import type { Issuer } from './access-tokens.ts'
import { issueAccessToken } from './access-tokens.ts'
import type { TokenFault } from './faults.ts'
import { isValidScope } from './granted-scopes.ts'
import type { OAuthAnswer } from './oauth-answer.ts'
import { refuse } from './oauth-answer.ts'
import type { Client, User } from './realm.ts'

/** RFC 6749 §4.3, as Keycloak's direct access grant answers it. No refresh token: the client is treated as one that uses none. */
export async function grantByPassword(
  issuer: Issuer,
  client: Client,
  form: URLSearchParams,
  fault?: TokenFault,
): Promise<OAuthAnswer> {
  if (!client.hasDirectGrants) {
    return refuse(400, 'unauthorized_client', 'Client not allowed for direct access grants')
  }
  if (client.needsConsent) return refuse(400, 'invalid_client', 'Client requires user consent')
  const scope = form.get('scope') ?? undefined
  if (!isValidScope(client, scope)) {
    return refuse(400, 'invalid_scope', `Invalid scopes: ${scope}`)
  }
  const user = checkUser(issuer, form)
  if ('status' in user) return user

  const sid = issuer.accounts.logIn(user)
  const access = await issueAccessToken(issuer, {
    client,
    user,
    jtiPrefix: 'onrtro',
    scope,
    sid,
    fault,
  })
  const isOpenId = scope?.split(' ').includes('openid')
  return {
    status: 200,
    body: {
      access_token: access.token,
      expires_in: access.expiresInS,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      ...(isOpenId && { id_token: await signIdToken(issuer, client, user, sid) }),
      'not-before-policy': 0,
      session_state: sid,
      scope: access.scope,
      ...(fault?.kind === 'answer-fields' && fault.fields),
    },
  }
}

function checkUser({ accounts }: Issuer, form: URLSearchParams): User | OAuthAnswer {
  const username = form.get('username')
  if (username === null) return refuse(401, 'invalid_request', 'Missing parameter: username')
  const user = accounts.find(username)
  if (user === undefined) return refuse(400, 'invalid_grant', 'Invalid user credentials')
  if (!accounts.isEnabled(user)) return refuse(400, 'invalid_grant', 'Account disabled')
  if (user.password === undefined || user.password !== form.get('password')) {
    return refuse(400, 'invalid_grant', 'Invalid user credentials')
  }
  return user.isSetUp ? user : refuse(400, 'invalid_grant', 'Account is not fully set up')
}

function signIdToken(issuer: Issuer, client: Client, user: User, sid: string): Promise<string> {
  const nowS = Math.floor(issuer.now() / 1000)
  return issuer.keys.sign({
    exp: nowS + client.tokenLifespanS,
    iat: nowS,
    jti: randomUUID(),
    iss: issuer.issuer,
    aud: client.clientId,
    sub: user.id,
    typ: 'ID',
    azp: client.clientId,
    sid,
  })
}
