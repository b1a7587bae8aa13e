import type { Condition } from './condition.ts'
import type { PathPattern } from './path-pattern.ts'
import { matchPath } from './path-pattern.ts'
import type { LlamaStackPolicy, RouteAccessRule } from './route-access-rule.ts'
import type { HeldValues } from './token-attributes.ts'
import type { Truth } from './truth.ts'

/** The rules whose path matches or may match, in order: all that one path needs of a policy. */
export type ReachingRules = readonly ReachingRule[]

interface ReachingRule {
  readonly rule: RouteAccessRule
  readonly isPathCertain: boolean
}

export interface Caller {
  readonly attributes: HeldValues
  readonly certainty: LlamaStackPolicy['attributes']
}

export interface Verdict {
  /** `unknown`: a rule that could not be translated may decide otherwise than those after it. */
  readonly kind: 'allowed' | 'denied' | 'unknown'
  /** The number of the rule that certainly decides; `undefined`: no rule, or nobody knows which. */
  readonly rule: number | undefined
}

export function reachingRules(rules: readonly RouteAccessRule[], path: string): ReachingRules {
  const reaching: ReachingRule[] = []
  for (const rule of rules) {
    const truth = matchAnyPath(rule.paths, path)
    if (truth === 'no') continue
    reaching.push({ rule, isPathCertain: truth === 'yes' })
    // Nothing behind a rule that always matches is ever read.
    if (truth === 'yes' && rule.conditions.length === 0) break
  }
  return reaching
}

/**
 * `is_route_allowed` (OGX 1.5.0): the first rule that matches decides, and without one the route is denied.
 * A rule that only may match leaves both ways open: the verdict is certain where both end alike.
 */
export function evaluateRoute(rules: ReachingRules, caller: Caller): Verdict {
  let mayAllow = false
  let mayDeny = false
  for (const { rule, isPathCertain } of rules) {
    const truth = conjunction(rule, isPathCertain, caller)
    if (truth === 'no') continue
    if (rule.effect === 'permit') mayAllow = true
    else mayDeny = true
    if (truth === 'yes') {
      if (mayAllow && mayDeny) return { kind: 'unknown', rule: undefined }
      return { kind: mayAllow ? 'allowed' : 'denied', rule: rule.number }
    }
  }
  return { kind: mayAllow ? 'unknown' : 'denied', rule: undefined }
}

function matchAnyPath(patterns: readonly PathPattern[], path: string): Truth {
  let truth: Truth = 'no'
  for (const pattern of patterns) {
    const one = matchPath(pattern, path)
    if (one === 'yes') return one
    if (one === 'maybe') truth = one
  }
  return truth
}

function conjunction(rule: RouteAccessRule, isPathCertain: boolean, caller: Caller): Truth {
  if (rule.conditions.length > 0 && caller.certainty === 'no-user') return 'no'
  let truth: Truth = isPathCertain ? 'yes' : 'maybe'
  for (const condition of rule.conditions) {
    const one = holds(condition, caller)
    if (one === 'no') return one
    if (one === 'maybe') truth = one
  }
  return truth
}

function holds(condition: Condition, caller: Caller): Truth {
  if (condition.kind === 'fixed') return condition.truth
  if (caller.attributes.has(condition.attribute, condition.value)) {
    return condition.isWanted ? 'yes' : 'no'
  }
  if (caller.certainty === 'incomplete') return 'maybe'
  return condition.isWanted ? 'no' : 'yes'
}
