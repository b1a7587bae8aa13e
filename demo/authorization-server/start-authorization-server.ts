import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import type { Issuer } from './access-tokens.ts'
import type { Accounts } from './accounts.ts'
import { createAccounts } from './accounts.ts'
import type { Environment } from './expand-environment.ts'
import { expandEnvironment } from './expand-environment.ts'
import type { Endpoint, Fault, Faults } from './faults.ts'
import { createFaults, ENDPOINTS } from './faults.ts'
import { parseRealm } from './parse-realm.ts'
import type { LoggedRequest } from './request-log.ts'
import { createRequestLog } from './request-log.ts'
import { serveRequest } from './serve-request.ts'
import type { SigningKeys } from './signing-keys.ts'
import { createSigningKeys } from './signing-keys.ts'
import type { SubjectTokenOrder } from './subject-tokens.ts'
import { issueSubjectToken } from './subject-tokens.ts'

export interface AuthorizationServerOptions {
  /** 0 or none: any free port of the loopback. */
  readonly port?: number
  /** Path of a Keycloak realm import, or the parsed document itself; none: the realm that the project ships. */
  readonly realm?: string | URL | Readonly<Record<string, unknown>>
  /** Values for `${NAME}` in the realm, e.g. `KEYCLOAK_CLIENT_SECRET`. */
  readonly env?: Environment
  /** Faults that stand from the beginning. */
  readonly faults?: Readonly<Partial<Record<Endpoint, Fault>>>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** A stand-in for Keycloak 26.7.5: one realm with discovery, JWKS, password grant, client credentials and standard token exchange. */
export interface AuthorizationServer {
  /** Without a trailing slash: what KEYCLOAK_SERVER_URL takes. */
  readonly url: string
  readonly realm: string
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly jwksUri: string
  /** Requests for an exchange so far, refused and failed ones too. */
  readonly exchanges: number
  /** Requests for the key set so far. */
  readonly keyFetches: number
  /** The last 1000 requests. */
  readonly requests: readonly LoggedRequest[]
  readonly faults: Faults
  readonly keys: SigningKeys
  readonly accounts: Accounts
  /** As the realm has it after `${NAME}` was replaced. */
  clientSecret(clientId: string): string | undefined
  /** Logs the user in and mints an access token directly. */
  issueSubjectToken(order: SubjectTokenOrder): Promise<string>
  close(): Promise<void>
}

const SHIPPED_REALM = new URL('../../keycloak/authentication-demo.json', import.meta.url)

/** Rejects where the realm cannot be read or the port is taken. */
export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const realm = parseRealm(
    expandEnvironment(await readRealm(options.realm ?? SHIPPED_REALM), options.env ?? {}),
  )
  const keys = await createSigningKeys()
  const accounts = createAccounts(realm)
  const faults = createFaults()
  for (const endpoint of ENDPOINTS) {
    const standing = options.faults?.[endpoint]
    if (standing !== undefined) faults.always(standing, endpoint)
  }
  const log = createRequestLog(1000)
  const counts = { exchange: 0, token: 0, certs: 0, discovery: 0 }
  const closing = new AbortController()

  const server = createServer((request, response) => {
    const service = { issuer, faults, log, counts, signal: closing.signal }
    serveRequest(service, request, response).catch(() => response.destroy())
  })
  const listening = await listenOnLoopback(server, options.port ?? 0)
  const issuer: Issuer = {
    realm,
    accounts,
    keys,
    issuer: `${listening.url}/realms/${realm.name}`,
    now: options.now ?? Date.now,
  }

  return {
    url: listening.url,
    realm: realm.name,
    issuer: issuer.issuer,
    tokenEndpoint: `${issuer.issuer}/protocol/openid-connect/token`,
    jwksUri: `${issuer.issuer}/protocol/openid-connect/certs`,
    get exchanges() {
      return counts.exchange
    },
    get keyFetches() {
      return counts.certs
    },
    requests: log.entries,
    faults,
    keys,
    accounts,
    clientSecret: (clientId) => realm.clients.get(clientId)?.secret,
    issueSubjectToken: (order) => issueSubjectToken(issuer, order),
    async close() {
      closing.abort()
      await listening.close()
    },
  }
}

async function readRealm(realm: string | URL | Readonly<Record<string, unknown>>) {
  if (typeof realm !== 'string' && !(realm instanceof URL)) return realm
  const document: unknown = JSON.parse(await readFile(realm, 'utf8'))
  return document
}
