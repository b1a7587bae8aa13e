import type { AccessToken, Issuer } from './access-tokens.ts'
import { issueAccessToken } from './access-tokens.ts'
import type { TokenFault } from './faults.ts'
import { isValidScope } from './granted-scopes.ts'
import type { Fields } from './json-fields.ts'
import { numberAt, textAt, textsAt } from './json-fields.ts'
import type { OAuthAnswer } from './oauth-answer.ts'
import { refuse } from './oauth-answer.ts'
import type { Client, User } from './realm.ts'

const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

/** Keycloak's Standard Token Exchange (RFC 8693): its checks, in its order, in its words. */
export async function exchangeToken(
  issuer: Issuer,
  client: Client,
  form: URLSearchParams,
  fault?: TokenFault,
): Promise<OAuthAnswer> {
  const unsupported = whyUnsupported(client, form)
  if (unsupported !== undefined) return refuse(400, 'invalid_request', unsupported)

  const subject = await readSubject(issuer, form.get('subject_token') ?? '')
  if (subject === undefined) return refuse(400, 'invalid_request', 'Invalid token')

  const scope = form.get('scope') ?? undefined
  const audience = form.getAll('audience')
  const refusal =
    checkSenderConstraint(client, subject.claims) ??
    checkTokenType(form) ??
    checkAudience(issuer, client, subject.claims, audience) ??
    checkScope(client, scope)
  if (refusal !== undefined) return refusal

  const access = await issueAccessToken(issuer, {
    client,
    user: subject.user,
    jtiPrefix: subject.sid === undefined ? 'trrtte' : 'ntrtte',
    scope,
    sid: subject.sid,
    onlyAudience: audience.length > 0 ? audience : undefined,
    fault,
  })
  const missing = audience.filter((name) => !access.audience.includes(name))
  if (missing.length > 0) {
    const names = missing.join(', ')
    return refuse(400, 'invalid_request', `Requested audience not available: ${names}`)
  }
  return issued(access, subject.sid, fault)
}

function whyUnsupported(client: Client, form: URLSearchParams): string | undefined {
  if (client.isPublic || !client.hasStandardExchange) {
    return 'Standard token exchange is not enabled for the requested client'
  }
  if (!form.has('subject_token')) {
    return "Parameter 'subject_token' required for standard token exchange"
  }
  const type = form.get('subject_token_type')
  if (type === null) return "Parameter 'subject_token_type' required for standard token exchange"
  return type === ACCESS_TOKEN_TYPE
    ? undefined
    : "Parameter 'subject_token' supports access tokens only"
}

interface Subject {
  readonly claims: Fields
  readonly user: User
  readonly sid: string | undefined
}

/** All that is wrong with a subject token looks the same from outside: expired (no leeway), logged out, disabled, foreign, an ID token. */
async function readSubject(issuer: Issuer, token: string): Promise<Subject | undefined> {
  const claims = await issuer.keys.verify(token)
  if (claims === undefined || textAt(claims, 'iss') !== issuer.issuer) return undefined
  const isLive = (numberAt(claims, 'exp') ?? 0) > issuer.now() / 1000
  if (textAt(claims, 'typ') !== 'Bearer' || !isLive) return undefined
  const user = issuer.accounts.findById(textAt(claims, 'sub') ?? '')
  if (user === undefined || !issuer.accounts.isEnabled(user)) return undefined
  const sid = textAt(claims, 'sid')
  if (sid !== undefined && !issuer.accounts.isSessionAlive(sid)) return undefined
  return { claims, user, sid }
}

function checkSenderConstraint(client: Client, subject: Fields): OAuthAnswer | undefined {
  if (!('cnf' in subject)) return undefined
  return textAt(subject, 'azp') === client.clientId
    ? refuse(400, 'invalid_request', 'DPoP proof is missing')
    : refuse(
        400,
        'invalid_request',
        'Sender-constrained token exchange rejected as the token was not issued for the requesting client',
      )
}

function checkTokenType(form: URLSearchParams): OAuthAnswer | undefined {
  const wanted = form.get('requested_token_type') ?? ACCESS_TOKEN_TYPE
  return wanted === ACCESS_TOKEN_TYPE
    ? undefined
    : refuse(400, 'invalid_request', 'requested_token_type unsupported')
}

function checkAudience(
  { realm }: Issuer,
  client: Client,
  subject: Fields,
  audience: readonly string[],
): OAuthAnswer | undefined {
  for (const name of audience) {
    if (!realm.clients.has(name)) return refuse(400, 'invalid_client', 'Audience not found')
  }
  if (audience.some((name) => realm.clients.get(name)?.isEnabled === false)) {
    return refuse(400, 'invalid_client', 'Client disabled')
  }
  const aud = textsAt(subject, 'aud') ?? [textAt(subject, 'aud')]
  return textAt(subject, 'azp') === client.clientId || aud.includes(client.clientId)
    ? undefined
    : refuse(403, 'access_denied', 'Client is not within the token audience')
}

function checkScope(client: Client, scope: string | undefined): OAuthAnswer | undefined {
  if (!isValidScope(client, scope)) {
    return refuse(400, 'invalid_scope', `Invalid scopes: ${scope}`)
  }
  return client.needsConsent
    ? refuse(
        400,
        'invalid_scope',
        `Missing consents for Token Exchange in client ${client.clientId}`,
      )
    : undefined
}

function issued(
  access: AccessToken,
  sid: string | undefined,
  fault: TokenFault | undefined,
): OAuthAnswer {
  return {
    status: 200,
    body: {
      access_token: access.token,
      expires_in: access.expiresInS,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      'not-before-policy': 0,
      ...(sid !== undefined && { session_state: sid }),
      scope: access.scope,
      issued_token_type: ACCESS_TOKEN_TYPE,
      ...(fault?.kind === 'answer-fields' && fault.fields),
    },
  }
}
