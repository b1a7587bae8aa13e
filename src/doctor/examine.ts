import type { Config } from '../config/config.ts'
import type { ExaminedConfig } from '../config/load-config.ts'
import type { ReadFile } from '../config/read-text.ts'
import type { Environment } from '../policy/llama-stack/substitute-env.ts'
import type { ScopeRules } from '../policy/route-policy.ts'
import { createScopeRules } from '../policy/scope-rules.ts'
import { createAsk } from './ask.ts'
import { checkKeycloak } from './check-keycloak.ts'
import { checkPolicy } from './check-policy.ts'
import { checkSettings, findObstacle } from './check-settings.ts'
import { checkUpstream } from './check-upstream.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { Sample } from './obtain-sample.ts'
import { openKeycloakAccess, openUpstream } from './open-peers.ts'
import type { ReadPolicies } from './read-policies.ts'
import { readPolicies } from './read-policies.ts'
import type { AddFinding } from './report.ts'
import { createReport } from './report.ts'

export interface ExamineOptions {
  readonly examined: ExaminedConfig
  /** How many settings the operator has set. */
  readonly settingCount: number
  /** For the `${env.NAME}` of LLAMA_STACK_CONFIG. */
  readonly env: Environment
  readonly readFile: ReadFile
  /** A caller whose step-up is tried; `undefined`: nobody's. */
  readonly sample: Sample | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Sees each finding as it comes. */
  readonly onFinding: (finding: Finding) => void
}

/** Ends every question: more than enough for a Keycloak that answers. */
const DEADLINE_MS = 120_000
const UPSTREAM_TIMEOUT_MS = 10_000

const TLS_SETTINGS = ['CA_FILE', 'ALLOW_INSECURE_KEYCLOAK', '--env-file']
const KEYCLOAK_SETTINGS = [
  ...TLS_SETTINGS,
  'KEYCLOAK_SERVER_URL',
  'KEYCLOAK_REALM',
  'KEYCLOAK_CA_FILE',
  'KEYCLOAK_TLS_',
]
const CLIENT_SETTINGS = ['KEYCLOAK_CLIENT_', 'KEYCLOAK_AUTH_METHOD']
const ISSUER_SETTINGS = ['KEYCLOAK_SERVER_URL', 'KEYCLOAK_REALM', 'KEYCLOAK_ISSUER', '--env-file']
const UPSTREAM_SETTINGS = [...TLS_SETTINGS, 'UPSTREAM_URL', 'UPSTREAM_CA_FILE', 'UPSTREAM_TLS_']

/**
 * Asks everything that can be asked, one thing after another, in spite of what is wrong before it. It changes nothing:
 * of Keycloak it wants tokens for itself and exchanges, of the upstream it GETs without a token.
 */
export async function examine(options: ExamineOptions): Promise<readonly Finding[]> {
  const { examined, env, readFile } = options
  const { add, list } = createReport(options.onFinding)
  const { config } = examined
  const { policyFile, llamaStackConfig } = config.policy
  const scopeRules = createScopeRules({
    allowed: config.policy.allowedScopes,
    denied: config.policy.deniedScopes,
    isDeniedDefault: config.policy.isDeniedDefault,
  })
  const policies = readPolicies({ policyFile, llamaStackConfig, readFile, env })
  const deadline = AbortSignal.timeout(DEADLINE_MS)

  checkSettings(examined, options.settingCount, add)
  const scopes = checkPolicy({ policies, policyFile, llamaStackConfig, scopeRules, add })
  await examineKeycloak(options, { policies, scopes, scopeRules, deadline, add })
  await examineUpstream(options, { policies, deadline, add })
  return list()
}

interface Context {
  readonly policies: ReadPolicies
  readonly deadline: AbortSignal
  readonly add: AddFinding
}

async function examineKeycloak(
  { examined, sample, now }: ExamineOptions,
  {
    policies,
    deadline,
    add,
    ...facts
  }: Context & { readonly scopes: readonly string[]; readonly scopeRules: ScopeRules },
): Promise<void> {
  const { config, mistakes } = examined
  const reason = findObstacle(mistakes, KEYCLOAK_SETTINGS)
  if (reason !== undefined) return add(finding('keycloak-untested', { reason }))
  const clientObstacle = findObstacle(mistakes, CLIENT_SETTINGS)
  const access = openKeycloakAccess({
    config: config.keycloak,
    hasCredentials: clientObstacle === undefined,
    now,
  })
  try {
    await checkKeycloak({
      ...facts,
      config: config.keycloak,
      clientObstacle,
      audiences: listAudiences(config, policies),
      authentication: access.authentication,
      ask: createAsk({
        dispatcher: access.dispatcher,
        connect: access.connect,
        timeoutMs: config.keycloak.exchangeTimeoutMs,
        deadline,
      }),
      sample,
      now,
      add,
    })
  } finally {
    await access.close()
  }
}

async function examineUpstream(
  { examined: { config, mistakes } }: ExamineOptions,
  { policies, deadline, add }: Context,
): Promise<void> {
  const reason = findObstacle(mistakes, UPSTREAM_SETTINGS)
  if (reason !== undefined) return add(finding('upstream-untested', { reason }))
  const { dispatcher, connect } = openUpstream(config.upstream)
  try {
    const { url, tls } = config.upstream
    const ask = createAsk({ dispatcher, connect, timeoutMs: UPSTREAM_TIMEOUT_MS, deadline })
    const isIssuerKnown = findObstacle(mistakes, ISSUER_SETTINGS) === undefined
    const issuer = isIssuerKnown ? config.keycloak.issuer : undefined
    const hasCertificate = tls.identity !== undefined
    await checkUpstream({ url, hasCertificate, policies, issuer, ask, add })
  } finally {
    await dispatcher.destroy()
  }
}

function listAudiences({ keycloak }: Config, { policyFile }: ReadPolicies): readonly string[] {
  const ofRoutes = (policyFile?.routes ?? []).flatMap(({ audience }) => audience ?? [])
  return [...new Set([...keycloak.audience, ...ofRoutes])].sort()
}
