import type { TokenClaims } from '../subject-token.ts'
import type { LlamaStackRoutes } from './llama-stack/llama-stack-routes.ts'
import { createLlamaStackRoutes } from './llama-stack/llama-stack-routes.ts'
import type { FoundNeed } from './llama-stack/needed-scopes.ts'
import type { LlamaStackPolicy } from './llama-stack/route-access-rule.ts'
import { createRouteMatcher } from './route-matcher.ts'
import type { Need, Route, RoutePolicy, ScopeRules } from './route-policy.ts'
import type { PolicyFile, RouteRule } from './route-rule.ts'

export interface RoutePolicyOptions {
  readonly policyFile?: PolicyFile
  readonly llamaStack?: LlamaStackPolicy
  readonly scopeRules: ScopeRules
}

/** A rule of the file with what does not depend on the caller worked out. */
interface PreparedRule extends RouteRule {
  readonly label: string
}

const NOTHING: Need = { kind: 'nothing' }

/**
 * POLICY_FILE and LLAMA_STACK_CONFIG as one. A route of the file that has `scopes` wins; one without gives its
 * `preempt`, `audience` and `replay` to the scopes that OGX's policy wants. Pre-emption is off where OGX's denial
 * is not certain, because a rule of it could not be translated.
 */
export function createRoutePolicy(options: RoutePolicyOptions): RoutePolicy {
  const { policyFile, llamaStack, scopeRules } = options
  const matcher = createRouteMatcher((policyFile?.routes ?? []).map(prepareRule))
  const llamaStackRoutes: LlamaStackRoutes | undefined =
    llamaStack && createLlamaStackRoutes({ policy: llamaStack, scopeRules })
  return {
    prefer: policyFile?.prefer ?? [],
    find(method, path, claims) {
      const rule = matcher.match(method, path)
      if (rule?.scopes !== undefined) {
        return routeOf(rule, judgeScopes(rule.scopes, claims, scopeRules))
      }
      const found = llamaStackRoutes?.find(path, claims)
      if (found === undefined) return rule && routeOf(rule, NOTHING)
      return llamaStackRoute(found, rule, path)
    },
  }
}

function prepareRule(rule: RouteRule): PreparedRule {
  const methods = rule.methods === undefined ? '' : `${rule.methods.join(',')} `
  return { ...rule, label: `${methods}${rule.path}` }
}

function routeOf(rule: PreparedRule, need: Need): Route {
  return {
    label: rule.label,
    need,
    preempt: rule.preempt ?? true,
    audience: rule.audience,
    isReplayable: rule.replay !== 'never',
  }
}

function llamaStackRoute(found: FoundNeed, rule: PreparedRule | undefined, path: string): Route {
  const label = found.rule === undefined ? `: ${path}` : ` rule ${found.rule}`
  const isWorthIt = found.isDenialCertain || found.need.kind !== 'scopes'
  return {
    label: rule?.label ?? `LLAMA_STACK_CONFIG${label}`,
    need: found.need,
    preempt: isWorthIt && (rule?.preempt ?? true),
    audience: rule?.audience,
    isReplayable: rule?.replay !== 'never',
  }
}

/** Held scopes are no climb: one that is not allowed is still kept by an exchange, unless it is denied. */
function judgeScopes(
  scopes: readonly string[],
  claims: TokenClaims | undefined,
  rules: ScopeRules,
): Need {
  const isHeld = (scope: string) => claims?.scopes.has(scope) === true
  if (scopes.every(isHeld)) return NOTHING
  const isObtainable = (scope: string) =>
    rules.isAllowed(scope) || (isHeld(scope) && !rules.isDenied(scope))
  if (!scopes.every(isObtainable)) return { kind: 'not-allowed', scopes }
  return { kind: 'scopes', scopes: scopes.filter((scope) => rules.isAllowed(scope)) }
}
