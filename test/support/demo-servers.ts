import { decodeJwt } from 'jose'
import type {
  AuthorizationServer,
  AuthorizationServerOptions,
} from '../../demo/authorization-server/start-authorization-server.ts'
import { startAuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'

export const REQUESTER = 'authentication-demo'
export const REQUESTER_SECRET = 'a secret of 100%+1 characters'

/** What tap's test object offers and these helpers need. */
export interface Teardown {
  teardown(close: () => unknown): void
}

/** The authorization server with the realm that the project ships, closed when the test ends. */
export async function startDemoRealm(
  t: Teardown,
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer({
    env: { KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET },
    ...options,
  })
  t.teardown(() => server.close())
  return server
}

export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: TokenAnswer
}

/** What a token endpoint may answer; nothing here is checked. */
export interface TokenAnswer {
  readonly access_token?: unknown
  readonly id_token?: unknown
  readonly token_type?: unknown
  readonly expires_in?: unknown
  readonly scope?: unknown
  readonly error?: unknown
}

/** What Keycloak's access tokens say; nothing here is checked. */
export interface AccessTokenClaims {
  readonly iss?: unknown
  readonly sub?: unknown
  readonly aud?: unknown
  readonly exp?: unknown
  readonly iat?: unknown
  readonly jti?: unknown
  readonly typ?: unknown
  readonly azp?: unknown
  readonly sid?: unknown
  readonly scope?: unknown
}

export function claimsOf(token: unknown): AccessTokenClaims {
  return decodeJwt(String(token))
}

/** Sends a form to the token endpoint and reads the JSON answer; an empty body reads as `{}`. */
export async function postForm(
  server: AuthorizationServer,
  form: Readonly<Record<string, string | readonly string[]>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) {
    for (const one of typeof value === 'string' ? [value] : value) body.append(name, one)
  }
  const answer = await fetch(server.tokenEndpoint, { method: 'POST', body, headers })
  const text = await answer.text()
  const json: unknown = text === '' ? {} : JSON.parse(text)
  if (typeof json !== 'object' || json === null) throw new TypeError('not a JSON object')
  return { status: answer.status, headers: answer.headers, body: { ...json } }
}

/** The fields of a token exchange by the requester client with its secret in the form. */
export function exchangeForm(
  subjectToken: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
): Record<string, string | readonly string[]> {
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: REQUESTER,
    client_secret: REQUESTER_SECRET,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    ...more,
  }
}

/** Basic credentials as RFC 6749 §2.3.1 wants them: form-urlencoded before base64. */
export function basicCredentials(clientId: string, secret: string): Record<string, string> {
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
  const pair = `${encode(clientId)}:${encode(secret)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
