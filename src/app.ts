import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Call, Settlement } from './call.ts'
import type { Config, Endpoint } from './config/config.ts'
import { watchSecret } from './config/watched-secret.ts'
import { createAdminServer } from './observability/admin-server.ts'
import type { AuditEntry } from './observability/audit.ts'
import { createAudit } from './observability/audit.ts'
import type { Log } from './observability/logger.ts'
import { createMetrics } from './observability/metrics.ts'
import { createProblems } from './observability/problems.ts'
import { createReadiness } from './observability/readiness.ts'
import type { Rules } from './policy/decide.ts'
import type { Environment } from './policy/llama-stack/substitute-env.ts'
import type { RoutePolicy, ScopeRules } from './policy/route-policy.ts'
import { createScopeRules } from './policy/scope-rules.ts'
import { watchPolicyFiles } from './policy-files.ts'
import { drainConnections } from './relay/drain.ts'
import { createRelay } from './relay/relay.ts'
import { createRelayServer } from './relay/server.ts'
import { createTrustedPeers } from './relay/trusted-peers.ts'
import { createStepUp } from './step-up/interceptor.ts'
import { createLearning } from './step-up/learning.ts'
import { createReplayMemory } from './step-up/replay-memory.ts'
import { createSubjectTokenReader } from './subject-token.ts'
import { clientSecretBasic, clientSecretPost } from './token-exchange/client-authentication.ts'
import { startDiscovery } from './token-exchange/discovery.ts'
import { createIssuedTokens } from './token-exchange/issued-tokens.ts'
import { createKeycloakAgent, createUpstreamAgent, trustedAuthorities } from './transport/agents.ts'
import { probeHttp } from './transport/probe.ts'

export interface App {
  /** Rejects with Node's error, e.g. `EADDRINUSE`. */
  listen(): Promise<{ readonly url: string; readonly adminUrl: string }>
  /** Takes no new connections; resolves when the accepted requests have ended and everything that was opened is closed. */
  close(): Promise<void>
}

export interface AppTools {
  readonly log: Log
  /** For the `${env.NAME}` of LLAMA_STACK_CONFIG. */
  readonly env: Environment
}

/** A change of a file counts within 3 s (product.md): it is looked at this often. */
const WATCH_INTERVAL_MS = 1_000
const PROBE_TIMEOUT_MS = 2_000

/** The composition root: opens everything, hands each part what it needs, and closes it all in reverse. Rejects if a policy is broken. */
export async function createApp(config: Config, { log, env }: AppTools): Promise<App> {
  const { keycloak } = config
  const problems = createProblems()
  const metrics = createMetrics()
  const now = Date.now
  const monotonicNow = () => performance.now()

  const scopeRules = createScopeRules({
    allowed: config.policy.allowedScopes,
    denied: config.policy.deniedScopes,
    isDeniedDefault: config.policy.isDeniedDefault,
  })
  const policy = watchPolicyFiles({
    ...config.policy,
    scopeRules,
    env,
    intervalMs: WATCH_INTERVAL_MS,
    problems,
    log,
  })

  const ca = trustedAuthorities(config.ca)
  const upstreamAgent = createUpstreamAgent({ ...config.upstream, ca })
  const keycloakAgent = createKeycloakAgent({ timeoutMs: keycloak.exchangeTimeoutMs, ca })
  const secret = watchSecret(keycloak.clientSecret, {
    intervalMs: WATCH_INTERVAL_MS,
    onRead(isNew) {
      problems.resolve('client-secret-file')
      if (!isNew) return
      tokens.forgetMisconfiguration()
      log.info('the client secret was read anew')
    },
    onError: (error) => problems.report('client-secret-file', error.message),
  })
  const authenticate =
    keycloak.authMethod === 'client_secret_basic' ? clientSecretBasic : clientSecretPost
  const tokens = createIssuedTokens({
    issuer: keycloak.issuer,
    tokenEndpoint: keycloak.tokenEndpoint,
    jwksUri: keycloak.jwksUri,
    clientId: keycloak.clientId,
    authentication: authenticate({ clientId: keycloak.clientId, secret: secret.current }),
    refreshSecret: secret.refresh,
    dispatcher: keycloakAgent,
    timeoutMs: keycloak.exchangeTimeoutMs,
    scopeRules,
    cache: config.cache,
    budget: config.budget,
    now,
    monotonicNow,
    log,
    problems,
    onExchange: metrics.observeExchange,
  })
  const discovery = startDiscovery({
    url: keycloak.discoveryUrl,
    issuer: keycloak.issuer,
    dispatcher: keycloakAgent,
    timeoutMs: keycloak.exchangeTimeoutMs,
    log,
    problems,
  })

  const replayMemory = createReplayMemory(config.replay)
  const stepUp = createStepUp({
    tokens,
    rules: createRules(config, scopeRules, policy.current),
    learning: createLearning({ maxTokens: config.cache.maxEntries, now }),
    replayMemory,
    now: monotonicNow,
  })

  const pseudonym = `scopelift-${randomBytes(8).toString('hex')}`
  const audit = createAudit({ log, metrics })
  const dispatcher = upstreamAgent.compose(stepUp)
  const relay = createRelay({
    dispatcher,
    upstream: config.upstream.url,
    pseudonym,
    readSubjectToken: createSubjectTokenReader({ maxEntries: config.cache.maxEntries }),
    isTrustedPeer: createTrustedPeers(config.trustedProxies),
    hasOutcomeHeader: config.outcomeHeader,
    onSettled: (call, settlement) => audit(auditEntry(call, settlement, monotonicNow())),
    now: monotonicNow,
    epochNow: now,
  })
  const server = await createRelayServer({
    relay,
    pseudonym,
    upstream: config.upstream.url,
    dispatcher,
  })
  metrics.watch({
    cacheEntries: () => tokens.cacheEntries,
    isBreakerOpen: () => tokens.isBreakerOpen,
    replayBytes: () => replayMemory.bytesInUse,
    openUpgrades: () => relay.openTunnels,
    problems: () => problems.list().length,
  })
  const admin = createAdminServer({
    ...config.admin,
    metrics,
    readiness: createReadiness({
      problems,
      requires: config.readyRequires,
      probes: {
        keycloak: probeHttp('Keycloak', keycloak.discoveryUrl, keycloakAgent),
        upstream: probeHttp('the upstream', config.upstream.url, upstreamAgent),
      },
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      now: monotonicNow,
    }),
  })
  return {
    async listen() {
      const adminAddress = await admin.listen()
      await server.listen({ ...config.listen })
      const [address] = server.addresses()
      const port = typeof address === 'object' ? address.port : config.listen.port
      return { url: toUrl({ ...config.listen, port }), adminUrl: toUrl(adminAddress) }
    },
    async close() {
      relay.drain()
      await drainConnections(server.server)
      await server.close()
      await admin.close()
      await discovery.close()
      policy.close()
      secret.close()
      await Promise.all([upstreamAgent.destroy(), keycloakAgent.destroy()])
    },
  }
}

function toUrl({ host, port }: Endpoint): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The rules in force; made anew only when a file has changed, since every request asks for them. */
function createRules(
  { policy, keycloak }: Config,
  scopes: ScopeRules,
  currentRoutes: () => RoutePolicy,
): () => Rules {
  const fixed = { scopes, maxScopes: policy.maxScopes, audience: keycloak.audience }
  let rules: Rules = { ...fixed, routes: currentRoutes() }
  return () => {
    const routes = currentRoutes()
    if (routes !== rules.routes) rules = { ...fixed, routes }
    return rules
  }
}

function auditEntry(call: Call, settlement: Settlement, nowMs: number): AuditEntry {
  return {
    outcome: settlement.outcome,
    reason: settlement.reason,
    sub: call.subject?.claims?.sub,
    method: call.method,
    route: settlement.route ?? call.path,
    scopesHeld: call.subject?.claims?.scopes ?? [],
    scopesNeeded: settlement.scopesNeeded ?? [],
    scopesGranted: settlement.scopesGranted ?? [],
    exchangeMs: settlement.exchangeMs,
    addedMs: settlement.addedMs,
    totalMs: nowMs - call.startedAt,
    requestId: call.requestId,
    jti: call.issued?.jti,
    sid: call.issued?.sid,
  }
}
