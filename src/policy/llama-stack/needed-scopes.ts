import { isUsableScopeToken } from '../../scope-token.ts'
import type { Need, ScopeRules } from '../route-policy.ts'
import type { AttributeCondition } from './condition.ts'
import type { ReachingRules, Verdict } from './evaluate-route.ts'
import { evaluateRoute } from './evaluate-route.ts'
import type { LlamaStackPolicy, RouteAccessRule } from './route-access-rule.ts'
import type { HeldValues, TokenAttributes } from './token-attributes.ts'

export interface FoundNeed {
  readonly need: Need
  /** Whether OGX certainly refuses the caller's own token; else only its denial tells. */
  readonly isDenialCertain: boolean
  /** The rule that decides, or whose scopes are asked for. */
  readonly rule: number | undefined
}

export interface NeedOptions {
  readonly rules: ReachingRules
  readonly certainty: LlamaStackPolicy['attributes']
  /** The scope tokens that the caller's token holds. */
  readonly held: ReadonlySet<string>
  readonly attributes: TokenAttributes
  readonly scopeRules: ScopeRules
}

/**
 * The scopes whose addition certainly makes OGX allow the route: those of the first `permit` that they make match,
 * if need be with more that keep an earlier `forbid` from matching. What only a rule that could not be translated
 * might change is never claimed: then the need is `nothing`, and the operator's own file may say more.
 *
 * A caller that holds a denied scope loses it by the exchange: scopes must heal with it and without it.
 */
export function findNeed(options: NeedOptions): FoundNeed {
  const { rules, certainty, attributes } = options
  const own = evaluateRoute(rules, { attributes: attributes.own, certainty })
  const isDenialCertain = own.kind === 'denied'
  if (own.kind === 'allowed') return { need: { kind: 'nothing' }, isDenialCertain, rule: own.rule }
  const search = createSearch(options)
  const nothing: FoundNeed = { need: { kind: 'nothing' }, isDenialCertain, rule: undefined }
  const cure = search.findPlain('allowed') ?? search.findAround('allowed')
  if (cure !== undefined) return { ...cure, isDenialCertain }
  if (own.kind === 'unknown' || search.isUncertain()) return nothing
  const forbidden = search.findPlain('any') ?? search.findAround('any')
  if (forbidden !== undefined) return { ...forbidden, isDenialCertain }
  if (search.isUncertain()) return nothing
  const reason = whyUnhealable(own, rules)
  return { need: { kind: 'unhealable', reason }, isDenialCertain, rule: own.rule }
}

interface Cure {
  readonly need: Need
  readonly rule: number
}

/** `allowed`: only scopes that may be asked for, or are held. */
type Choice = 'allowed' | 'any'

interface Search {
  /** The scopes of a `permit` alone. */
  findPlain(choice: Choice): Cure | undefined
  /** And those that an earlier `forbid` wants to see. */
  findAround(choice: Choice): Cure | undefined
  /** Whether some trial ended with nobody knowing. */
  isUncertain(): boolean
}

/** Trials around `forbid` rules for one request: a policy with more ways than this is not searched through. */
const MAX_DETOURS = 200

function createSearch(options: NeedOptions): Search {
  const { rules, certainty, held, scopeRules } = options
  const { fedByScope, withScopes } = options.attributes
  let isUncertain = false
  let detours = 0

  const isObtainable = (scope: string) =>
    scopeRules.isAllowed(scope) || (held.has(scope) && !scopeRules.isDenied(scope))
  /** What other claims put into an attribute of the scopes needs no scope. */
  const withoutScopes = withScopes([])([])
  /** An exchange leaves the denied ones out. */
  const kept = [...held].filter((scope) => !scopeRules.isDenied(scope))
  const besideHeld = withScopes(held)
  const besideKept = withScopes(kept)

  function tryWith(added: readonly string[], beside = besideHeld): Verdict {
    const verdict = evaluateRoute(rules, { attributes: beside(added), certainty })
    if (verdict.kind === 'unknown') isUncertain = true
    return verdict
  }

  function cureOf(scopes: readonly string[], rule: RouteAccessRule): Cure {
    const sorted = [...new Set(scopes)].sort()
    const survives = kept.length === held.size || tryWith(sorted, besideKept).kind === 'allowed'
    const need: Need =
      survives && sorted.every(isObtainable)
        ? { kind: 'scopes', scopes: sorted.filter((scope) => scopeRules.isAllowed(scope)) }
        : { kind: 'not-allowed', scopes: sorted }
    return { need, rule: rule.number }
  }

  function find(
    choice: Choice,
    complete: (wanted: readonly string[]) => readonly string[] | undefined,
  ): Cure | undefined {
    for (const { rule } of rules) {
      const wanted =
        rule.effect === 'permit' ? wantedScopes(rule, fedByScope, withoutScopes) : undefined
      if (wanted === undefined || (choice === 'allowed' && !wanted.every(isObtainable))) continue
      const scopes = complete(wanted)
      if (scopes === undefined) continue
      const cure = cureOf(scopes, rule)
      if (choice === 'any' || cure.need.kind === 'scopes') return cure
    }
    return undefined
  }

  /** More scopes make no rule match that wants fewer: every set that heals lies at the end of one of these ways. */
  function detour(scopes: readonly string[], choice: Choice): readonly string[] | undefined {
    detours += 1
    if (detours > MAX_DETOURS) {
      isUncertain = true
      return undefined
    }
    const verdict = tryWith(scopes)
    if (verdict.kind === 'allowed') return scopes
    const obstacle = rules.find(({ rule }) => rule.number === verdict.rule)?.rule
    if (obstacle === undefined) return undefined
    for (const scope of dodgingScopes(obstacle, fedByScope)) {
      if (choice === 'allowed' && !isObtainable(scope)) continue
      const completed = detour([...scopes, scope], choice)
      if (completed !== undefined) return completed
    }
    return undefined
  }

  /** An early choice may have become needless by a later one. */
  function withoutNeedless(
    scopes: readonly string[],
    wanted: readonly string[],
  ): readonly string[] {
    let least = scopes
    for (const scope of scopes) {
      if (wanted.includes(scope)) continue
      const fewer = least.filter((other) => other !== scope)
      if (tryWith(fewer).kind === 'allowed') least = fewer
    }
    return least
  }

  return {
    findPlain: (choice) =>
      find(choice, (wanted) => (tryWith(wanted).kind === 'allowed' ? wanted : undefined)),
    findAround: (choice) =>
      find(choice, (wanted) => {
        const scopes = detour(wanted, choice)
        return scopes && withoutNeedless(scopes, wanted)
      }),
    isUncertain: () => isUncertain,
  }
}

/** The scope tokens that a rule wants to see; `undefined` where one of them is no scope token. */
function wantedScopes(
  rule: RouteAccessRule,
  fedByScope: ReadonlySet<string>,
  withoutScopes: HeldValues,
): readonly string[] | undefined {
  const values = scopeConditions(rule, fedByScope, true)
    .filter(({ attribute, value }) => !withoutScopes.has(attribute, value))
    .map(({ value }) => value)
  return values.every(isUsableScopeToken) ? values : undefined
}

/** Each of them keeps a rule that does not want to see it from matching. */
function dodgingScopes(rule: RouteAccessRule, fedByScope: ReadonlySet<string>): readonly string[] {
  const conditions = scopeConditions(rule, fedByScope, false)
  return conditions.map(({ value }) => value).filter(isUsableScopeToken)
}

function scopeConditions(
  { conditions }: RouteAccessRule,
  fedByScope: ReadonlySet<string>,
  isWanted: boolean,
): readonly AttributeCondition[] {
  return conditions
    .filter((condition) => condition.kind === 'attribute')
    .filter((one) => one.isWanted === isWanted && fedByScope.has(one.attribute))
}

function whyUnhealable(own: Verdict, rules: ReachingRules): string {
  if (own.rule !== undefined) return `rule-${own.rule}-forbids`
  const permit = rules.find(({ rule }) => rule.effect === 'permit')
  return permit === undefined ? 'no-rule-permits' : `rule-${permit.rule.number}-wants-more`
}
