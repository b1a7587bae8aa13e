import type { buildConnector, Dispatcher } from 'undici'
import { openClientCredentials } from '../client-credentials.ts'
import type { Config, KeycloakConfig } from '../config/config.ts'
import { createTlsContext } from '../config/tls-material.ts'
import { createProblems } from '../observability/problems.ts'
import type { ClientAuthentication } from '../token-exchange/client-authentication.ts'
import { createKeycloakAgent, createUpstreamAgent } from '../transport/agents.ts'
import { createRotatingConnector } from '../transport/rotating-connector.ts'

/** Two ways to the same peer: with requests, and for a bare connection. */
export interface PeerAccess {
  readonly dispatcher: Dispatcher
  readonly connect: buildConnector.connector
}

export interface KeycloakAccess extends PeerAccess {
  readonly authentication: ClientAuthentication
  close(): Promise<void>
}

/** No file changes while doctor runs that it had to follow. */
const WATCH_INTERVAL_MS = 3_600_000

export interface KeycloakAccessOptions {
  readonly config: KeycloakConfig
  /** Whether the settings of the client's credentials can be used. */
  readonly hasCredentials: boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** The connections and the credentials that the proxy would have. */
export function openKeycloakAccess(options: KeycloakAccessOptions): KeycloakAccess {
  const { config, hasCredentials, now } = options
  const context = createTlsContext(config.tls)
  const connection = { timeoutMs: config.exchangeTimeoutMs, secureContext: () => context }
  const dispatcher = createKeycloakAgent(connection)
  const credentials = hasCredentials
    ? openClientCredentials({
        config,
        intervalMs: WATCH_INTERVAL_MS,
        now,
        onNew: () => {},
        problems: createProblems(),
        log: { info: () => {} },
      })
    : undefined
  return {
    dispatcher,
    connect: createRotatingConnector(connection),
    authentication: credentials?.authentication ?? (() => 'client-authentication'),
    async close() {
      credentials?.close()
      await dispatcher.destroy()
    },
  }
}

export function openUpstream({
  connectTimeoutMs,
  headersTimeoutMs,
  tls,
}: Config['upstream']): PeerAccess {
  const context = createTlsContext(tls)
  const connect = createRotatingConnector({
    timeoutMs: connectTimeoutMs,
    secureContext: () => context,
  })
  return { dispatcher: createUpstreamAgent({ connect, headersTimeoutMs }), connect }
}
