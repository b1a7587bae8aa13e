import { openClientCredentials } from './client-credentials.ts'
import type { KeycloakConfig } from './config/config.ts'
import { watchTls } from './config/watched-tls.ts'
import type { Log } from './observability/logger.ts'
import type { Metrics } from './observability/metrics.ts'
import type { Problems } from './observability/problems.ts'
import type { Probe } from './observability/readiness.ts'
import type { ScopeRules } from './policy/route-policy.ts'
import { startDiscovery } from './token-exchange/discovery.ts'
import type { ExchangedTokens } from './token-exchange/issued-tokens.ts'
import { createIssuedTokens } from './token-exchange/issued-tokens.ts'
import { createKeycloakAgent } from './transport/agents.ts'
import { createPeerHealth } from './transport/peer-health.ts'
import { probeConnection } from './transport/probe-connection.ts'
import { probeHttp } from './transport/probe-http.ts'
import { createRotatingConnector } from './transport/rotating-connector.ts'

export interface Keycloak {
  readonly tokens: ExchangedTokens
  readonly probe: Probe
  close(): Promise<void>
}

export interface KeycloakOptions {
  readonly config: KeycloakConfig
  readonly cache: { readonly maxEntries: number; readonly maxTtlMs: number }
  readonly budget: { readonly perMinute: number; readonly perSecond: number }
  readonly scopeRules: ScopeRules
  /** How often files are looked at: of the secret, key or assertion, of certificates. */
  readonly watchIntervalMs: number
  /** How often Keycloak is probed while it cannot be reached. */
  readonly retryMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly problems: Problems
  readonly metrics: Metrics
  readonly log: Log
}

/** Opens all that talks to Keycloak: its pool, the client's credentials, the exchange, the look at its discovery document. */
export function openKeycloak(options: KeycloakOptions): Keycloak {
  const { config, problems, log } = options
  const timeoutMs = config.exchangeTimeoutMs
  const intervalMs = options.watchIntervalMs
  const tls = watchTls(config.tls, { peer: 'Keycloak', intervalMs, problems, log })
  const dispatcher = createKeycloakAgent({ timeoutMs, secureContext: tls.current })
  const connect = createRotatingConnector({ timeoutMs, secureContext: tls.current })
  const url = config.discoveryUrl
  const health = createPeerHealth({
    name: 'Keycloak',
    url,
    setting: 'KEYCLOAK_SERVER_URL',
    async probe() {
      const reason = await probeHttp(url, dispatcher, AbortSignal.timeout(timeoutMs))
      // Of a client certificate that is refused undici says only that the other side has closed.
      return reason === 'UND_ERR_SOCKET'
        ? ((await probeConnection(url, connect)) ?? reason)
        : reason
    },
    retryMs: options.retryMs,
    problems,
    log,
  })
  const credentials = openClientCredentials({
    config,
    intervalMs,
    now: options.now,
    onNew: () => tokens.forgetMisconfiguration(),
    problems,
    log,
  })
  const tokens = createIssuedTokens({
    ...options,
    issuer: config.issuer,
    tokenEndpoint: config.tokenEndpoint,
    jwksUri: config.jwksUri,
    clientId: config.clientId,
    authentication: credentials.authentication,
    authMethod: config.authentication.method,
    refreshSecret: credentials.refresh,
    dispatcher,
    timeoutMs,
    onExchange: options.metrics.observeExchange,
    onBreaker(state) {
      if (state === 'open') health.failed('five failures in a row')
      else health.answered()
    },
  })
  const discovery = startDiscovery({
    url,
    issuer: config.issuer,
    dispatcher,
    timeoutMs,
    log,
    problems,
  })
  return {
    tokens,
    probe: health.check,
    async close() {
      health.close()
      await discovery.close()
      credentials.close()
      await dispatcher.destroy()
      tls.close()
    },
  }
}
