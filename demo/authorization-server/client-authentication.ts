import type { OAuthAnswer } from './oauth-answer.ts'
import { refuse } from './oauth-answer.ts'
import type { Client, Realm } from './realm.ts'

export type ClientAuthentication =
  | { readonly kind: 'client'; readonly client: Client }
  | { readonly kind: 'refused'; readonly answer: OAuthAnswer }

const WRONG = 'Invalid client or Invalid client credentials'

/** Client authentication with a secret, by Basic or by form fields; where both are sent the form fields win (RFC 6749 §2.3.1). */
export function authenticateClient(
  realm: Realm,
  authorization: string | undefined,
  form: URLSearchParams,
): ClientAuthentication {
  const basic = readBasic(authorization)
  if (basic.kind === 'malformed') {
    return refused({ status: 400, body: { error: 'unknown_error' } })
  }
  const clientId = form.get('client_id') ?? basic.clientId
  if (clientId === undefined) {
    return authorization === undefined
      ? refused(refuse(400, 'invalid_client', 'Missing client_id parameter'))
      : refused({ status: 401, headers: { 'www-authenticate': `Basic realm="${realm.name}"` } })
  }
  const client = realm.clients.get(clientId)
  if (!client?.isEnabled) return refused(refuse(401, 'invalid_client', WRONG))
  if (client.isPublic) return { kind: 'client', client }
  if (client.authenticator !== 'client-secret') {
    return refused(refuse(400, 'invalid_client', 'Parameter client_assertion_type is missing'))
  }
  const secret = form.get('client_secret') ?? basic.secret
  if (secret === undefined || secret !== client.secret) {
    return refused(refuse(401, 'unauthorized_client', WRONG))
  }
  return { kind: 'client', client }
}

function refused(answer: OAuthAnswer): ClientAuthentication {
  return { kind: 'refused', answer }
}

type Basic =
  | { readonly kind: 'read'; readonly clientId?: string; readonly secret?: string }
  | { readonly kind: 'malformed'; readonly clientId?: never; readonly secret?: never }

/** Id and secret are form-urlencoded before they are joined and base64-encoded: a raw `%` is malformed, a raw `+` is a space. */
function readBasic(authorization: string | undefined): Basic {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return { kind: 'read' }
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) return { kind: 'read' }
  try {
    return {
      kind: 'read',
      clientId: formDecode(decoded.slice(0, colon)),
      secret: formDecode(decoded.slice(colon + 1)),
    }
  } catch {
    return { kind: 'malformed' }
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
