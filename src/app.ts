import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { auditEntry } from './audit-entry.ts'
import type { Call } from './call.ts'
import type { Config, Endpoint } from './config/config.ts'
import { watchTls } from './config/watched-tls.ts'
import { openKeycloak } from './keycloak.ts'
import { createAdminServer } from './observability/admin-server.ts'
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
import { MAX_DENIAL_MS } from './step-up/first-attempt-handler.ts'
import { createStepUp } from './step-up/interceptor.ts'
import type { IssuedTokens } from './step-up/issued-tokens.ts'
import { createLearning } from './step-up/learning.ts'
import { createReplayMemory } from './step-up/replay-memory.ts'
import { createSubjectTokenReader } from './subject-token.ts'
import { createUpstreamAgent } from './transport/agents.ts'
import { createPeerHealth } from './transport/peer-health.ts'
import { probeConnection } from './transport/probe-connection.ts'
import { createRotatingConnector } from './transport/rotating-connector.ts'

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
const RETRY_MS = 5_000
/** An idle connection costs about 8 KB. */
const MAX_CONNECTIONS = 20_000
/** A head is small, and comes in a few packets. */
const HEAD_DEADLINE_MS = 20_000
/** What is gathered is small too, but up to 64 KiB from a slow line. */
const GATHER_DEADLINE_MS = 60_000
const GATHER_TOTAL_BYTES = 67_108_864

/** The composition root: opens everything, hands each part what it needs, and closes it all in reverse. Rejects if a policy is broken. */
export async function createApp(config: Config, { log, env }: AppTools): Promise<App> {
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

  const { url: upstream, connectTimeoutMs, headersTimeoutMs } = config.upstream
  const upstreamTls = watchTls(config.upstream.tls, {
    peer: 'the upstream',
    intervalMs: WATCH_INTERVAL_MS,
    problems,
    log,
  })
  const connect = createRotatingConnector({
    timeoutMs: connectTimeoutMs,
    secureContext: upstreamTls.current,
  })
  const upstreamAgent = createUpstreamAgent({ connect, headersTimeoutMs })
  const keycloak = openKeycloak({
    config: config.keycloak,
    cache: config.cache,
    budget: config.budget,
    scopeRules,
    watchIntervalMs: WATCH_INTERVAL_MS,
    retryMs: RETRY_MS,
    now,
    monotonicNow,
    problems,
    metrics,
    log,
  })
  const { tokens } = keycloak

  const replayMemory = createReplayMemory(config.replay)
  const stepUp = createStepUp({
    tokens,
    rules: createRules(config, scopeRules, policy.current),
    learning: createLearning({ maxTokens: config.cache.maxEntries, now }),
    replayMemory,
    now: monotonicNow,
  })

  const pseudonym = `scopelift-${randomBytes(8).toString('hex')}`
  const health = createPeerHealth({
    name: 'The upstream',
    url: upstream,
    setting: 'UPSTREAM_URL',
    probe: () => probeConnection(upstream, connect),
    retryMs: RETRY_MS,
    problems,
    log,
  })
  const audit = createAudit({ log, metrics })
  const dispatcher = upstreamAgent.compose(stepUp)
  const relay = createRelay({
    dispatcher,
    upstream,
    pseudonym,
    readSubjectToken: createSubjectTokenReader({ maxEntries: config.cache.maxEntries }),
    isTrustedPeer: createTrustedPeers(config.trustedProxies),
    hasOutcomeHeader: config.outcomeHeader,
    gatherTotalBytes: GATHER_TOTAL_BYTES,
    gatherDeadlineMs: GATHER_DEADLINE_MS,
    // While a denial is held and its scopes are asked for, nobody waits for the upload.
    uploadSilenceMs: headersTimeoutMs + MAX_DENIAL_MS + config.keycloak.exchangeTimeoutMs,
    onSettled(call, settlement) {
      if (settlement.outcome === 'upstream-unavailable') health.failed(settlement.reason ?? '')
      else if (!call.isAbandoned) health.answered()
      const isVerified = () => isCallerVerified(call, tokens)
      audit(auditEntry(call, settlement, { nowMs: monotonicNow(), isVerified }))
    },
    now: monotonicNow,
    epochNow: now,
  })
  const server = await createRelayServer({
    relay,
    pseudonym,
    upstream,
    maxConnections: MAX_CONNECTIONS,
    headDeadlineMs: HEAD_DEADLINE_MS,
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
        keycloak: keycloak.probe,
        upstream: health.check,
      },
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      now: monotonicNow,
    }),
  })
  return {
    async listen() {
      const adminAddress = await admin.listen()
      await server.listen({ ...config.listen })
      // A wrong UPSTREAM_URL should not wait for the first caller to be found.
      void health.check()
      const [address] = server.addresses()
      const port = typeof address === 'object' ? address.port : config.listen.port
      return { url: toUrl({ ...config.listen, port }), adminUrl: toUrl(adminAddress) }
    },
    async close() {
      relay.drain()
      await drainConnections(server.server)
      await server.close()
      await admin.close()
      await keycloak.close()
      policy.close()
      health.close()
      await upstreamAgent.destroy()
      upstreamTls.close()
    },
  }
}

/** An exchange has verified the token, or the record of its body has. */
function isCallerVerified({ issued, subject }: Call, tokens: IssuedTokens): boolean {
  return issued !== undefined || (subject !== undefined && tokens.isAuthentic(subject))
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
