import fc from 'fast-check'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { createRoutePolicy } from '../../../src/policy/create-route-policy.ts'
import { evaluateRoute, reachingRules } from '../../../src/policy/llama-stack/evaluate-route.ts'
import {
  LlamaStackConfigError,
  parseLlamaStackConfig,
} from '../../../src/policy/llama-stack/parse-llama-stack-config.ts'
import type { LlamaStackPolicy } from '../../../src/policy/llama-stack/route-access-rule.ts'
import { readTokenAttributes } from '../../../src/policy/llama-stack/token-attributes.ts'
import type { Need } from '../../../src/policy/route-policy.ts'
import { createScopeRules } from '../../../src/policy/scope-rules.ts'
import type { TokenClaims } from '../../../src/subject-token.ts'
import type { Answers } from './ogx-answers.ts'
import { parseAnswers } from './ogx-answers.ts'
import type { Claims, RuleSet } from './rule-sets.ts'
import { ruleSets, SCOPES } from './rule-sets.ts'

export interface DifferentialOptions {
  /** Runs `ogx_verdicts.py` where OGX is installed, with this standard input; resolves with its standard output. */
  readonly runPython: (stdin: string) => Promise<string>
  readonly seed?: number
  readonly ruleSets?: number
}

export interface DifferentialResult {
  readonly seed: number
  readonly ogxVersion: string
  /** Requests that were compared, and how often each thing was said of them. */
  readonly cases: number
  readonly counts: Readonly<Record<string, number>>
  readonly mismatches: string[]
}

const MAX_MISMATCHES = 50
const scopeRules = createScopeRules({
  allowed: ['llama:*'],
  denied: ['*:admin'],
  isDeniedDefault: true,
})

/**
 * Asks OGX's own functions and ours the same questions. Every verdict must agree; what `find` says a route needs
 * must hold in OGX: scopes that it names heal, and where it names none, no set of scopes does.
 */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialResult> {
  const seed = options.seed ?? 20261124
  const sets = fc.sample(ruleSets, { seed, numRuns: options.ruleSets ?? 3000 })
  const questions = sets.map(askOurselves)
  const answers = parseAnswers(
    await options.runPython(JSON.stringify({ cases: questions.map(toCase) })),
  )
  return compareAll(seed, questions, answers)
}

/** What we say of a rule set; `undefined`: it is broken. */
interface Question {
  readonly set: RuleSet
  readonly policy: LlamaStackPolicy | undefined
  readonly requests: readonly AskedRequest[]
}

interface AskedRequest {
  readonly target: string
  readonly claims: Claims
  readonly verdict: 'allowed' | 'denied' | 'unknown'
  readonly need: Need
  readonly preempt: boolean
  /** What the `scope` claim is replaced with; the verdicts are read in this order. */
  readonly scopeSets: readonly (readonly string[])[]
}

function askOurselves(set: RuleSet): Question {
  const policy = parseOrUndefined(set)
  if (policy === undefined) return { set, policy, requests: [] }
  const routes = createRoutePolicy({ llamaStack: policy, scopeRules })
  const requests = set.requests.map(({ target, claims }): AskedRequest => {
    const path = canonicalPath(target)
    const token = toTokenClaims(claims)
    const route = path === undefined ? undefined : routes.find('GET', path, token)
    if (path === undefined || route === undefined) throw new Error(`no route for ${target}`)
    const { kind } = evaluateRoute(reachingRules(policy.rules, path), {
      attributes: readTokenAttributes(claims, policy.claimsMapping).own,
      certainty: policy.attributes,
    })
    const { need, preempt } = route
    const scopeSets = scopeSetsFor(need, [...token.scopes])
    return { target, claims, verdict: kind, need, preempt, scopeSets }
  })
  return { set, policy, requests }
}

function parseOrUndefined({ config, env }: RuleSet): LlamaStackPolicy | undefined {
  try {
    return parseLlamaStackConfig(config, env)
  } catch (error) {
    if (error instanceof LlamaStackConfigError) return undefined
    throw error
  }
}

function toTokenClaims(payload: Claims): TokenClaims {
  const scope = payload['scope']
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : []
  return {
    iss: undefined,
    sub: 'u',
    exp: undefined,
    aud: [],
    scopes: new Set(scopes),
    isSenderConstrained: false,
    payload,
  }
}

/** Pairs: the subject token with the scopes added, and the issued token, which leaves out the denied ones. */
function scopeSetsFor(need: Need, held: readonly string[]): readonly (readonly string[])[] {
  const kept = held.filter((scope) => !scopeRules.isDenied(scope))
  const both = (scopes: readonly string[]) => [
    [...held, ...scopes],
    [...kept, ...scopes],
  ]
  switch (need.kind) {
    case 'nothing':
      return []
    case 'scopes':
      return both(need.scopes)
    case 'not-allowed':
      return [
        [...held, ...need.scopes],
        ...subsets(SCOPES.filter(scopeRules.isAllowed)).flatMap(both),
      ]
    case 'unhealable':
      return subsets(SCOPES).map((scopes) => [...held, ...scopes])
  }
}

function holdsDenied(claims: Claims): boolean {
  return [...toTokenClaims(claims).scopes].some(scopeRules.isDenied)
}

/** All but the empty one. */
function subsets(scopes: readonly string[]): readonly (readonly string[])[] {
  let all: readonly (readonly string[])[] = [[]]
  for (const scope of scopes) all = [...all, ...all.map((subset) => [...subset, scope])]
  return all.slice(1)
}

function toCase({ set, requests }: Question): object {
  return { config: set.config, env: set.env, requests }
}

function compareAll(
  seed: number,
  questions: readonly Question[],
  answers: Answers,
): DifferentialResult {
  const mismatches: string[] = []
  const counts: Record<string, number> = {}
  let cases = 0

  function count(what: string): void {
    counts[what] = (counts[what] ?? 0) + 1
  }

  function note(complaint: string, question: Question, request?: AskedRequest): void {
    if (mismatches.length >= MAX_MISMATCHES) return
    const { config, env } = question.set
    mismatches.push(`${complaint}: ${JSON.stringify({ config, env, request })}`)
  }

  for (const [index, question] of questions.entries()) {
    const answer = answers.answers[index] ?? null
    const complaint = compareStart(question, answer !== null)
    if (complaint !== undefined) note(complaint, question)
    count(answer === null ? 'rule sets that OGX refuses' : 'rule sets')
    if (answer === null) continue
    for (const [place, request] of question.requests.entries()) {
      const [own, ...others] = answer[place] ?? []
      if (own === undefined || own === null || others.includes(null)) {
        count('answered 401 by OGX')
        continue
      }
      cases += 1
      count(`verdict ${request.verdict}`)
      count(`need ${request.need.kind}`)
      const mismatch = compareVerdict(question, request, own) ?? compareNeed(request, own, others)
      if (mismatch !== undefined) note(mismatch, question, request)
    }
  }
  return { seed, ogxVersion: answers.version, cases, counts, mismatches }
}

function compareStart({ policy }: Question, isStarted: boolean): string | undefined {
  if (isStarted) return policy === undefined ? 'OGX starts, and we call it broken' : undefined
  const isSilent = policy !== undefined && policy.warnings.length === 0
  return isSilent ? 'OGX does not start, and we see nothing' : undefined
}

function compareVerdict(
  { policy }: Question,
  { target, verdict }: AskedRequest,
  own: boolean,
): string | undefined {
  if (verdict === 'unknown') {
    // Never for nothing: a rule that could not be translated, or a character whose class Python may see otherwise.
    const isExcused = policy?.warnings.length !== 0 || /%[C-F]/.test(target)
    return isExcused ? undefined : 'unknown without a warning'
  }
  return (verdict === 'allowed') === own ? undefined : `verdict ${verdict}, and OGX says ${own}`
}

function compareNeed(
  { claims, need, preempt, verdict }: AskedRequest,
  own: boolean,
  others: readonly (boolean | null)[],
): string | undefined {
  switch (need.kind) {
    case 'nothing':
      return verdict === 'denied' && own ? 'nothing needed and denied' : undefined
    case 'scopes':
      if (preempt && own) return 'asked for before sending, and OGX allows it without'
      if (!need.scopes.every(scopeRules.isAllowed)) return 'a scope that is not allowed'
      return others.every((isAllowed) => isAllowed === true) ? undefined : 'the scopes do not heal'
    case 'not-allowed': {
      const [withThem, ...pairs] = others
      if (withThem !== true) return 'the scopes that are not allowed would not heal'
      // Who holds a denied scope may be told so where losing it would open another way.
      if (holdsDenied(claims)) return undefined
      const heals = pairs.some((isAllowed, at) => at % 2 === 0 && isAllowed && pairs[at + 1])
      return heals ? 'allowed scopes would heal' : undefined
    }
    case 'unhealable':
      return others.includes(true) ? 'some scopes would heal' : undefined
  }
}
