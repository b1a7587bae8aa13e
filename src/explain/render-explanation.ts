import { maskTokens, toPrintable } from '../observability/printable.ts'
import type { Need } from '../policy/route-policy.ts'
import { MAX_SCOPE_PARAMETER_CHARACTERS } from '../scope-token.ts'
import type { SubjectToken } from '../subject-token.ts'
import { MAX_SUBJECT_TOKEN_CHARACTERS } from '../token-exchange/subject-usability.ts'
import type { ExplainedRule, Explanation, Plan } from './explain-request.ts'

const MAX_CHARACTERS = 500

export interface RenderOptions {
  readonly method: string
  readonly target: string
  readonly explanation: Explanation
  readonly subject: SubjectToken | undefined
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** The explanation in lines, each beginning with what it is about. */
export function renderExplanation(options: RenderOptions): readonly string[] {
  const { method, target, explanation, subject, nowMs } = options
  const { path, rule, plan } = explanation
  const lines = [
    `request   ${method} ${path ?? target.split('?')[0] ?? ''}`,
    ...(path === undefined ? [] : renderRule(rule)),
    ...(subject === undefined ? [] : renderToken(subject, nowMs)),
    ...renderPlan(plan),
  ]
  return lines.map((line) => maskTokens(toPrintable(line, MAX_CHARACTERS)))
}

function renderRule(rule: ExplainedRule | undefined): readonly string[] {
  if (rule === undefined) return ['rule      none matches']
  return [
    `rule      ${rule.label}`,
    `needs     ${describeNeed(rule.need)}`,
    `audience  ${list(rule.audience)}`,
    `exchange  ${describeExchange(rule)}${rule.isReplayable ? '' : '; the request is never sent twice'}`,
  ]
}

function describeExchange({ need, preempt, routeAudience }: ExplainedRule): string {
  const isKnownBefore = need.kind === 'scopes' || routeAudience.length > 0
  if (preempt && isKnownBefore) return 'before the request is sent'
  return need.kind === 'scopes'
    ? 'after a denial only'
    : 'only after a denial that itself names an allowed scope'
}

function describeNeed(need: Need): string {
  switch (need.kind) {
    case 'scopes':
      return list(need.scopes)
    case 'nothing':
      return 'no scope, as far as the policy says'
    case 'not-allowed':
      return `${list(need.scopes)}, which ALLOWED_SCOPES or DENIED_SCOPES forbids`
    case 'unhealable':
      return `what no scope gives: ${describeReason(need.reason)}`
  }
}

function renderToken({ claims }: SubjectToken, nowMs: number): readonly string[] {
  if (claims === undefined) return ['token     no JWT (read, not verified)']
  return [
    `token     of ${claims.sub ?? 'nobody'}, by ${claims.iss ?? 'nobody'}, ${describeLife(claims.exp, nowMs)} (read, not verified)`,
    `holds     ${list([...claims.scopes].sort())}; aud ${list(claims.aud)}`,
  ]
}

function describeLife(exp: number | undefined, nowMs: number): string {
  if (exp === undefined) return 'no exp'
  const seconds = Math.round(exp - nowMs / 1000)
  return seconds < 0 ? `expired ${-seconds} s ago` : `${seconds} s left`
}

function renderPlan(plan: Plan): readonly string[] {
  switch (plan.kind) {
    case 'refused':
      return [`so        it is refused at the door: ${plan.status} ${plan.code}: ${plan.reason}`]
    case 'no-token':
      return [
        'so        without a bearer token it is forwarded as it is, and its answer passed on (a denial: no-subject-token)',
      ]
    case 'preempt':
    case 'react':
      return [
        plan.kind === 'preempt'
          ? 'so        the token is exchanged first, and the request sent once with the issued one (preempted)'
          : 'so        it is sent with its own token; if that is denied, the token is exchanged and the request sent again (stepped-up)',
        `asks for  ${list(plan.asksFor)}; needed ${list(plan.wanted.scopes)}; audience ${list(plan.wanted.audience)}`,
      ]
    case 'own-token':
      return [
        'so        it is sent with its own token',
        `if denied it stays denied (${plan.outcome}): ${describeReason(plan.reason)}${named(plan.scopes)}`,
        ...(plan.heedsNamedScope ? [UNLESS_NAMED] : []),
      ]
  }
}

const UNLESS_NAMED =
  'unless    the denial itself names an allowed scope: then the token is exchanged and the request sent again (stepped-up)'

const REASONS: ReadonlyMap<string, string> = new Map([
  ['no-route', 'no rule matches'],
  ['route-names-no-scope', 'the token holds what the rule names, or it names no scope'],
  [
    'head-without-body',
    'the denial of a HEAD has no body, only a WWW-Authenticate header that could say what is missing',
  ],
  ['scopes-held', 'the token holds the scopes already'],
  ['allowed-scopes', 'ALLOWED_SCOPES does not permit the scopes'],
  ['denied-scopes', 'DENIED_SCOPES forbids the scopes'],
  [
    'too-many-scopes',
    `more scopes are needed than one exchange can ask for (MAX_SCOPES, and ${MAX_SCOPE_PARAMETER_CHARACTERS} characters)`,
  ],
  [
    'replay-never',
    'the rule says `replay: never`; what it needs is remembered, so that the next try is exchanged first',
  ],
  ['not-a-jwt', 'the token is no JWT'],
  ['foreign-issuer', 'the token is not of KEYCLOAK_ISSUER'],
  ['no-expiry', 'the token has no `exp`'],
  ['expired', 'the token has expired'],
  ['no-subject', 'the token has no `sub`'],
  ['sender-constrained', 'the token is bound to a key (`cnf`)'],
  [
    'too-long',
    `the token has more than ${MAX_SUBJECT_TOKEN_CHARACTERS} characters, and Keycloak exchanges none of those`,
  ],
])

/** Of the rules of LLAMA_STACK_CONFIG (see needed-scopes.ts). */
const OF_A_RULE: readonly (readonly [RegExp, string])[] = [
  [/^no-rule-permits$/, 'no rule of route_policy permits this route to anybody'],
  [/^rule-(\d+)-wants-more$/, 'rule $1 permits it, but wants what no scope gives (a role, mostly)'],
  [/^rule-(\d+)-forbids$/, 'rule $1 forbids it, whatever the scopes'],
]

function describeReason(reason: string): string {
  const ofRule = OF_A_RULE.find(([pattern]) => pattern.test(reason))
  return ofRule === undefined ? (REASONS.get(reason) ?? reason) : reason.replace(...ofRule)
}

function named(scopes: readonly string[]): string {
  return scopes.length === 0 ? '' : ` (${list(scopes)})`
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(' ')
}
