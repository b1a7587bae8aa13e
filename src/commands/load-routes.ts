import type { Config } from '../config/config.ts'
import type { ReadFile } from '../config/read-text.ts'
import type { Environment } from '../config/read-variables.ts'
import { createProblems } from '../observability/problems.ts'
import type { PolicyText } from '../policy/policy-source.ts'
import { createPolicySource } from '../policy/policy-source.ts'
import type { RoutePolicy, ScopeRules } from '../policy/route-policy.ts'
import { createScopeRules } from '../policy/scope-rules.ts'

export interface LoadedRoutes {
  readonly routes: RoutePolicy
  readonly scopes: ScopeRules
  /** What the proxy would log of them at start. */
  readonly notes: readonly string[]
}

export interface LoadRoutesOptions {
  readonly config: Config
  readonly readFile: ReadFile
  /** For the `${env.NAME}` of LLAMA_STACK_CONFIG. */
  readonly env: Environment
}

/**
 * The policy as the proxy reads it at start.
 * @throws {PolicyLoadError} where a file is broken
 */
export function loadRoutes({ config, readFile, env }: LoadRoutesOptions): LoadedRoutes {
  const { policy } = config
  const notes: string[] = []
  const note = (_fields: object, message: string) => void notes.push(message)
  const read = (path: string | undefined): PolicyText | undefined =>
    path === undefined ? undefined : { path, text: readFile(path) }
  const scopes = createScopeRules({
    allowed: policy.allowedScopes,
    denied: policy.deniedScopes,
    isDeniedDefault: policy.isDeniedDefault,
  })
  const source = createPolicySource({
    policyFile: read(policy.policyFile),
    llamaStackConfig: read(policy.llamaStackConfig),
    scopeRules: scopes,
    env,
    problems: createProblems(),
    log: { info: () => {}, warn: note, error: note },
  })
  return { routes: source.current(), scopes, notes }
}
