import { digText } from '../e2e/json.ts'

/** Keycloak's admin API, as its bootstrap administrator. */
export interface Admin {
  readonly origin: string
  /** Rejects with the status where Keycloak refuses; resolves with the JSON of the answer. */
  ask(method: string, path: string, json?: unknown): Promise<unknown>
}

export interface AdminOptions {
  readonly origin: string
  readonly password: string
}

const CALL_TIMEOUT_MS = 60_000
/** The administrator's token lives 60 s. */
const TOKEN_LIFE_MS = 30_000

export function createAdmin({ origin, password }: AdminOptions): Admin {
  let token = ''
  let renewAt = 0
  return {
    origin,
    async ask(method, path, json) {
      if (performance.now() > renewAt) {
        const form = { client_id: 'admin-cli', username: 'admin', password }
        token = digText(await postForm(`${origin}/realms/master`, form), 'access_token')
        renewAt = performance.now() + TOKEN_LIFE_MS
      }
      return send(`${origin}/admin/realms${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      })
    },
  }
}

/** A password grant at a realm. */
export function postForm(
  realmUrl: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  return send(`${realmUrl}/protocol/openid-connect/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'password', ...form }),
  })
}

async function send(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
  const text = await response.text()
  if (!response.ok) {
    throw new Error(
      `Keycloak answered ${response.status} to ${init.method} ${new URL(url).pathname}: ${text.slice(0, 300)}`,
    )
  }
  return text === '' ? undefined : JSON.parse(text)
}
