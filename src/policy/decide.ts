import type { Hint } from '../denial/hint.ts'
import { fitsScopeParameter } from '../scope-token.ts'
import type { TokenClaims } from '../subject-token.ts'
import type { Route, RoutePolicy, ScopeRules } from './route-policy.ts'

/** What the judge weighs; all of it is known before the call, so the judgement is pure. */
export interface Circumstances {
  readonly method: string
  /** Canonical (see canonical-path.ts). */
  readonly path: string
  /** Of the caller's own token; `undefined` where it is no JWT. */
  readonly claims: TokenClaims | undefined
  readonly route: Route | undefined
}

/** The operator's part, the same for every request until a file changes. */
export interface Rules {
  readonly routes: RoutePolicy
  readonly scopes: ScopeRules
  /** Most scope tokens in one exchange (MAX_SCOPES). */
  readonly maxScopes: number
  /** KEYCLOAK_AUDIENCE, sorted. */
  readonly audience: readonly string[]
}

/** The scopes and audiences to ask for, and who named them. */
export interface Wanted {
  readonly scopes: readonly string[]
  readonly audience: readonly string[]
  readonly namedBy: 'operator' | 'upstream'
}

export type Decision =
  | { readonly kind: 'step-up'; readonly wanted: Wanted }
  | {
      readonly kind: 'refuse'
      readonly outcome: 'no-hint' | 'scope-not-allowed'
      readonly reason: string
      readonly scopes: readonly string[]
    }

/** `undefined`: the caller's own token is enough, as far as anybody has said. */
export function decidePreemption(
  circumstances: Circumstances,
  learned: readonly string[] | undefined,
  rules: Rules,
): Wanted | undefined {
  const { claims, route } = circumstances
  if (claims === undefined) return undefined
  const fromRoute = route?.preempt === true && route.need.kind === 'scopes' ? route.need.scopes : []
  const fromLearning = learned?.every(rules.scopes.isAllowed) === true ? learned : []
  const scopes = missing([...fromRoute, ...fromLearning], claims)
  const wantsAudience =
    route?.preempt === true && route.audience?.some((name) => !claims.aud.includes(name)) === true
  if (scopes.length === 0 && !wantsAudience) return undefined
  if (isTooMuch(scopes, rules)) return undefined
  const isLearned = scopes.some((scope) => !fromRoute.includes(scope))
  return {
    scopes,
    audience: route?.audience ?? rules.audience,
    namedBy: isLearned ? 'upstream' : 'operator',
  }
}

/**
 * What to do about a denial. `asked` are the scopes that the refused request had been pre-empted with:
 * a step-up asks for the union, or for the news alone where the union is too much for one exchange; a denial that names
 * nothing beyond them has reason `nothing-new`.
 */
export function decideStepUp(
  hint: Hint,
  status: number,
  circumstances: Circumstances,
  asked: readonly string[],
  rules: Rules,
): Decision {
  const named = namedScopes(hint, status, circumstances, rules)
  if (named.kind === 'refuse') return named
  const beyondHeld = missing(named.scopes, circumstances.claims)
  const news = beyondHeld.filter((scope) => !asked.includes(scope))
  if (news.length === 0) {
    return refuse('no-hint', beyondHeld.length === 0 ? 'scopes-held' : 'nothing-new', named.scopes)
  }
  if (!news.every(rules.scopes.isAllowed)) return notAllowed(news, rules)
  const scopes = joined(news, asked, rules)
  if (isTooMuch(scopes, rules)) return refuse('scope-not-allowed', 'too-many-scopes', news)
  const audience = circumstances.route?.audience ?? rules.audience
  return { kind: 'step-up', wanted: { scopes, audience, namedBy: named.namedBy } }
}

/**
 * A path whose needs depend on the body asks for more with each lesson, and must not end at the bound. A request that
 * really wants more than that is denied once more, which is its answer.
 */
function joined(
  news: readonly string[],
  asked: readonly string[],
  rules: Rules,
): readonly string[] {
  const union = sortedUnion(news, asked)
  return isTooMuch(union, rules) ? news : union
}

/** Nothing would be sent for it, and the caller's budget must not be spent on that. */
function isTooMuch(scopes: readonly string[], rules: Rules): boolean {
  return scopes.length > rules.maxScopes || !fitsScopeParameter(scopes)
}

type Refusal = Extract<Decision, { kind: 'refuse' }>

type Named =
  | {
      readonly kind: 'named'
      readonly scopes: readonly string[]
      readonly namedBy: Wanted['namedBy']
    }
  | Refusal

function namedScopes(
  hint: Hint,
  status: number,
  circumstances: Circumstances,
  rules: Rules,
): Named {
  switch (hint.kind) {
    case 'none':
      return refuse('no-hint', 'none')
    case 'invalid-token':
      return refuse('no-hint', 'invalid-token')
    case 'other':
      // A 401 with a scope and no error is an initial challenge: another token of the same kind does not help.
      if (status !== 403 || hint.hasErrorCode || hint.scopes.length === 0) {
        return refuse('no-hint', 'other')
      }
      return { kind: 'named', scopes: hint.scopes, namedBy: 'upstream' }
    case 'insufficient-scope':
      if (hint.scopes.length === 0) return scopesOfRoute(hint, circumstances, rules)
      if (hint.mode === 'any') return preferred(hint.scopes, circumstances.claims, rules)
      return { kind: 'named', scopes: hint.scopes, namedBy: 'upstream' }
  }
}

/** Some upstreams list alternatives, always with an admin scope among them: never all, and never a guess. */
function preferred(
  alternatives: readonly string[],
  claims: TokenClaims | undefined,
  rules: Rules,
): Named {
  if (alternatives.some((scope) => claims?.scopes.has(scope) === true)) {
    return refuse('no-hint', 'scopes-held', alternatives)
  }
  const allowed = alternatives.filter(rules.scopes.isAllowed)
  if (allowed.length === 0) return notAllowed(alternatives, rules)
  const choice =
    rules.routes.prefer.find((scope) => allowed.includes(scope)) ??
    (allowed.length === 1 ? allowed[0] : undefined)
  if (choice === undefined) return refuse('scope-not-allowed', 'no-preference', alternatives)
  return { kind: 'named', scopes: [choice], namedBy: 'upstream' }
}

/** A refusal that names no scope: the operator's policy knows which ones the route wants. */
function scopesOfRoute(hint: Hint, circumstances: Circumstances, rules: Rules): Named {
  const route =
    hint.route === undefined ? circumstances.route : refusedRoute(hint.route, circumstances, rules)
  if (route === undefined) return refuse('no-hint', 'no-route')
  switch (route.need.kind) {
    case 'scopes':
      return { kind: 'named', scopes: route.need.scopes, namedBy: 'operator' }
    case 'nothing':
      return refuse('no-hint', 'route-names-no-scope')
    case 'not-allowed':
      return notAllowed(route.need.scopes, rules)
    case 'unhealable':
      return refuse('no-hint', route.need.reason)
  }
}

/** The handler of `POST /v1/batches` checks the endpoint of the batch with the very words of the route check. */
const BATCH_ENDPOINTS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']

function refusedRoute(
  named: string,
  { method, path, claims, route }: Circumstances,
  rules: Rules,
): Route | undefined {
  if (named === path) return route
  if (method === 'POST' && path === '/v1/batches' && BATCH_ENDPOINTS.includes(named)) {
    return rules.routes.find(method, named, claims)
  }
  return undefined
}

/** The reason names the setting that an operator would look at. */
function notAllowed(scopes: readonly string[], rules: Rules): Refusal {
  const isDenied = scopes.some(rules.scopes.isDenied)
  return refuse('scope-not-allowed', isDenied ? 'denied-scopes' : 'allowed-scopes', scopes)
}

function refuse(
  outcome: 'no-hint' | 'scope-not-allowed',
  reason: string,
  scopes: readonly string[] = [],
): Refusal {
  return { kind: 'refuse', outcome, reason, scopes }
}

function missing(scopes: readonly string[], claims: TokenClaims | undefined): readonly string[] {
  return sortedUnion(
    scopes.filter((scope) => claims?.scopes.has(scope) !== true),
    [],
  )
}

function sortedUnion(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])].sort()
}
