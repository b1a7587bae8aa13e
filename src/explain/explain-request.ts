import type { Hint } from '../denial/hint.ts'
import type { Circumstances, Rules, Wanted } from '../policy/decide.ts'
import { decidePreemption, decideStepUp } from '../policy/decide.ts'
import type { Need, Route } from '../policy/route-policy.ts'
import { admit } from '../relay/admission.ts'
import type { SubjectToken } from '../subject-token.ts'
import { createScopePlan } from '../token-exchange/scope-plan.ts'
import type { Unusable } from '../token-exchange/subject-usability.ts'
import { whyUnusableSubject } from '../token-exchange/subject-usability.ts'
import { describeTarget } from './describe-target.ts'

export interface Explanation {
  /** Canonical: what policy matches; `undefined` where the request goes no further than the door. */
  readonly path: string | undefined
  readonly rule: ExplainedRule | undefined
  readonly plan: Plan
}

export interface ExplainedRule {
  readonly label: string
  /** What a caller without any scope would need. */
  readonly need: Need
  readonly preempt: boolean
  readonly audience: readonly string[]
  /** What the rule itself says of it; none: KEYCLOAK_AUDIENCE counts, which is asked for with scopes only. */
  readonly routeAudience: readonly string[]
  readonly isReplayable: boolean
}

/** What the proxy would do, as far as policy and token tell. */
export type Plan =
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly code: string
      readonly reason: string
    }
  /** There is no bearer token, so there is nothing to exchange. */
  | { readonly kind: 'no-token' }
  /** It is exchanged before the request is sent, or not before a denial. */
  | {
      readonly kind: 'preempt' | 'react'
      readonly wanted: Wanted
      /** Those needed, and those that the token holds. */
      readonly asksFor: readonly string[]
    }
  | OwnToken

/** The request goes out with the caller's own token, and a denial that names no scope is the answer. */
type OwnToken = {
  readonly kind: 'own-token'
  readonly scopes: readonly string[]
  /** Whether a denial that itself names an allowed scope is stepped up all the same. */
  readonly heedsNamedScope: boolean
} & (
  | {
      readonly outcome: 'no-hint' | 'scope-not-allowed' | 'body-not-replayable'
      readonly reason: string
    }
  | { readonly outcome: 'subject-token-unusable'; readonly reason: Unusable }
)

export interface ExplainOptions {
  readonly method: string
  /** As it stands in the request line. */
  readonly target: string
  readonly subject: SubjectToken | undefined
  readonly rules: Rules
  readonly issuer: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** A refusal that names no scope: what the upstream says where the policy must know. */
const UNNAMED: Hint = {
  kind: 'insufficient-scope',
  scopes: [],
  mode: 'all',
  source: 'challenge',
  hasErrorCode: true,
}

/** Asks the proxy's own judges what they would do, and does nothing. Learned scopes and remembered refusals are not known here. */
export function explainRequest(options: ExplainOptions): Explanation {
  const { method, target, subject, rules } = options
  const admission = admit(
    { method, target, httpVersion: '1.1', rawHeaders: ['host', 'localhost'] },
    'scopelift',
  )
  if (admission.kind === 'refused') {
    const { status, code, message } = admission.refusal
    const reason = describeTarget(target) ?? message
    return { path: undefined, rule: undefined, plan: { kind: 'refused', status, code, reason } }
  }
  const { path } = admission
  const rule = explainRule(rules.routes.find(method, path, undefined), rules)
  if (subject === undefined) return { path, rule, plan: { kind: 'no-token' } }
  const { claims } = subject
  const route = rules.routes.find(method, path, claims)
  return { path, rule, plan: planFor(subject, { method, path, claims, route }, options) }
}

/** For logs a route that no rule of LLAMA_STACK_CONFIG reaches is named by its path. */
const NO_RULE = /^LLAMA_STACK_CONFIG: /

function explainRule(route: Route | undefined, rules: Rules): ExplainedRule | undefined {
  return (
    route && {
      label: NO_RULE.test(route.label) ? 'none of LLAMA_STACK_CONFIG' : route.label,
      need: route.need,
      preempt: route.preempt,
      audience: route.audience ?? rules.audience,
      routeAudience: route.audience ?? [],
      isReplayable: route.isReplayable,
    }
  )
}

function planFor(
  subject: SubjectToken,
  circumstances: Circumstances,
  { rules, issuer, nowMs }: ExplainOptions,
): Plan {
  const unusable = whyUnusableSubject(subject, { issuer, nowMs })
  const preempted = decidePreemption(circumstances, undefined, rules)
  if (preempted !== undefined && unusable === undefined) {
    return toExchange('preempt', preempted, subject, rules)
  }
  const isReplayable = circumstances.route?.isReplayable !== false
  const heedsNamedScope = isReplayable && unusable === undefined
  const kind = 'own-token'
  const decision = decideStepUp(UNNAMED, 403, circumstances, [], rules)
  if (
    circumstances.method === 'HEAD' &&
    (decision.kind === 'step-up' || decision.outcome === 'scope-not-allowed')
  ) {
    const { scopes } = decision.kind === 'step-up' ? decision.wanted : decision
    return { kind, outcome: 'no-hint', reason: 'head-without-body', scopes, heedsNamedScope }
  }
  if (decision.kind === 'refuse') {
    const { outcome, reason, scopes } = decision
    return { kind, outcome, reason, scopes, heedsNamedScope }
  }
  const { scopes } = decision.wanted
  if (unusable !== undefined) {
    return { kind, outcome: 'subject-token-unusable', reason: unusable, scopes, heedsNamedScope }
  }
  if (!isReplayable) {
    const reason = 'replay-never'
    return { kind, outcome: 'body-not-replayable', reason, scopes, heedsNamedScope }
  }
  return toExchange('react', decision.wanted, subject, rules)
}

function toExchange(
  kind: 'preempt' | 'react',
  wanted: Wanted,
  subject: SubjectToken,
  rules: Rules,
): Plan {
  const plan = createScopePlan({ scopeRules: rules.scopes, monotonicNow: () => 0 })
  return { kind, wanted, asksFor: plan.choose({ subject, ...wanted }) }
}
