import { isJsonObject } from '../../src/json-object.ts'
import { dig, digText } from '../e2e/json.ts'
import type { KeycloakContainer } from './keycloak-container.ts'

/** The realm by its admin API: what the requester client authenticates with, and whose tokens are trusted. */
export interface Realm {
  readonly issuer: string
  /** A minimal access token of that user, by password grant; password = name. */
  logIn(user: string): Promise<string>
  /** How the requester client authenticates from now on; attributes are laid over those it has. */
  authenticateBy(
    authenticator: 'client-secret' | 'client-jwt' | 'federated-jwt',
    attributes?: Readonly<Record<string, string>>,
  ): Promise<void>
  /** Trusts the service account tokens of that issuer, under that alias. */
  trustKubernetes(alias: string, issuer: string): Promise<void>
  keepEvents(): Promise<void>
  /** All that it has noted of exchanges, as text. */
  readEvents(): Promise<string>
}

export const REQUESTER_CLIENT = 'authentication-demo'
const CALL_TIMEOUT_MS = 30_000

export function openRealm({ url, realm, adminPassword }: KeycloakContainer): Realm {
  const admin = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const form = { client_id: 'admin-cli', username: 'admin', password: adminPassword }
    const token = await grant(`${url}/realms/master`, form)
    return ask(`${url}/admin/realms/${realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
  }
  const issuer = `${url}/realms/${realm}`
  return {
    issuer,
    logIn: (user) =>
      grant(issuer, {
        client_id: 'scopelift-login',
        username: user,
        password: user,
        scope: 'openid',
      }),
    async authenticateBy(clientAuthenticatorType, attributes = {}) {
      const client = dig(await admin('GET', `/clients?clientId=${REQUESTER_CLIENT}`), 0)
      const known = dig(client, 'attributes')
      await admin('PUT', `/clients/${digText(client, 'id')}`, {
        ...toObject(client),
        clientAuthenticatorType,
        attributes: { ...toObject(known), ...attributes },
      })
    },
    async trustKubernetes(alias, trusted) {
      await admin('POST', '/identity-provider/instances', {
        alias,
        providerId: 'kubernetes',
        enabled: true,
        hideOnLogin: true,
        config: { issuer: trusted },
      })
    },
    async keepEvents() {
      await admin('PUT', '', { eventsEnabled: true, enabledEventTypes: [] })
    },
    async readEvents() {
      const types = 'type=TOKEN_EXCHANGE&type=TOKEN_EXCHANGE_ERROR'
      return JSON.stringify(await admin('GET', `/events?${types}&max=1000`))
    },
  }
}

/** The attributes of a client whose public keys stand in its settings. Keycloak passes over a key without `use`. */
export function registerKeys(
  ...keys: readonly Readonly<Record<string, unknown>>[]
): Readonly<Record<string, string>> {
  return {
    'use.jwks.string': 'true',
    'jwks.string': JSON.stringify({ keys: keys.map((key) => ({ use: 'sig', ...key })) }),
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value
  throw new Error('Keycloak has no such client')
}

async function grant(issuer: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await ask(`${issuer}/protocol/openid-connect/token`, {
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
  throw new Error(`Keycloak answered ${response.status} to ${url}: ${text.slice(0, 200)}`)
}
