import { dig, digText } from './json.ts'

export interface Keycloak {
  /** A minimal access token, by password grant on the public login client. Password = name. */
  logIn(user: string): Promise<string>
  /** Has Keycloak keep its events, so that it can be asked how often it was asked. */
  keepEvents(): Promise<void>
  /** How many exchanges it has been asked for so far, granted or not. */
  countExchanges(): Promise<number>
  /** Makes a new secret for the requester client; the old one is dead at once. */
  regenerateSecret(): Promise<string>
}

export interface KeycloakOptions {
  readonly origin: string
  readonly realm: string
  readonly clientId: string
  /** Of the bootstrap administrator `admin`. */
  readAdminPassword(): Promise<string>
}

const CALL_TIMEOUT_MS = 30_000

export function createKeycloak(options: KeycloakOptions): Keycloak {
  const { origin, realm, clientId, readAdminPassword } = options
  const admin = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const token = await grant(origin, 'master', {
      client_id: 'admin-cli',
      username: 'admin',
      password: await readAdminPassword(),
    })
    return ask(`${origin}/admin/realms/${realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
  }
  return {
    logIn: (user) =>
      grant(origin, realm, {
        client_id: 'scopelift-login',
        username: user,
        password: user,
        scope: 'openid',
      }),
    async keepEvents() {
      await admin('PUT', '', { eventsEnabled: true, enabledEventTypes: [] })
    },
    async countExchanges() {
      const types = 'type=TOKEN_EXCHANGE&type=TOKEN_EXCHANGE_ERROR'
      const events = await admin('GET', `/events?${types}&max=10000`)
      if (!Array.isArray(events)) throw new Error('Keycloak lists no events')
      return events.length
    },
    async regenerateSecret() {
      const clients = await admin('GET', `/clients?clientId=${clientId}`)
      const id = digText(clients, 0, 'id')
      return digText(await admin('POST', `/clients/${id}/client-secret`), 'value')
    },
  }
}

async function grant(
  origin: string,
  realm: string,
  form: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await ask(`${origin}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', ...form }),
  })
  return digText(answer, 'access_token')
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
  const text = await response.text()
  const json: unknown = text === '' ? undefined : JSON.parse(text)
  if (response.ok) return json
  throw new Error(`Keycloak answered ${response.status} (${String(dig(json, 'error'))}) to ${url}`)
}
