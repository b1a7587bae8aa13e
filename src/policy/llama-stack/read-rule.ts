import type { Condition } from './condition.ts'
import { negated, parseCondition, UNKNOWN_CONDITION } from './condition.ts'
import type { PathPattern } from './path-pattern.ts'
import { parsePathPattern } from './path-pattern.ts'
import type { RouteAccessRule } from './route-access-rule.ts'
import type { Environment, Substitution } from './substitute-env.ts'
import { substituteEnv } from './substitute-env.ts'

/** A rule that OGX does not start with. */
export class RuleError extends Error {
  readonly code = 'ERR_ROUTE_RULE'

  constructor(message: string) {
    super(message)
    this.name = 'RuleError'
  }
}

export interface RuleReading {
  readonly rule: RouteAccessRule
  /** What of it could not be translated: it counts as unknown wherever it may reach. */
  readonly doubts: readonly string[]
}

/** `RouteAccessRule` (OGX 1.5.0) from the YAML values of the file. Throws `RuleError`. */
export function readRule(value: unknown, number: number, env: Environment): RuleReading {
  if (!(value instanceof Map)) throw new RuleError('a rule is a mapping with permit or forbid')
  const doubts: string[] = []
  const permit = value.get('permit') ?? undefined
  const forbid = value.get('forbid') ?? undefined
  if (permit !== undefined && forbid !== undefined) {
    throw new RuleError('permit and forbid exclude each other')
  }
  const scope = permit ?? forbid
  if (!(scope instanceof Map)) {
    throw new RuleError(
      'a rule needs permit or forbid, with paths, e.g. permit: { paths: "/v1/files*" }',
    )
  }
  const when = readConditions(value.get('when'), 'when', env, doubts)
  const unless = readConditions(value.get('unless'), 'unless', env, doubts)
  if (when.length > 0 && unless.length > 0)
    throw new RuleError('when and unless exclude each other')
  const rule: RouteAccessRule = {
    number,
    effect: permit === undefined ? 'forbid' : 'permit',
    paths: textsOf(scope.get('paths'), 'paths').map((text) => readPath(text, env, doubts)),
    conditions: [...when, ...unless.map(negated)],
  }
  return { rule, doubts: [...new Set(doubts)] }
}

function readPath(text: string, env: Environment, doubts: string[]): PathPattern {
  const substituted = substituteEnv(text, env)
  if (substituted.kind !== 'text') {
    const reason = whyUnknown(substituted)
    doubts.push(`a path is unknown here, since ${reason}`)
    return { kind: 'unknown', prefix: fixedStart(text), reason }
  }
  const pattern = parsePathPattern(substituted.text)
  if (pattern.kind === 'unknown') {
    doubts.push(
      `a path cannot be evaluated here, since ${pattern.reason}: name its routes in POLICY_FILE`,
    )
  }
  if (pattern.kind === 'never') doubts.push('Python refuses a regular expression, so OGX skips it')
  return pattern
}

/** What stands before the first reference is there whatever the reference becomes. */
function fixedStart(text: string): string {
  return text.startsWith('/') ? (text.split('${env.', 1)[0] ?? '') : ''
}

function readConditions(
  value: unknown,
  name: string,
  env: Environment,
  doubts: string[],
): readonly Condition[] {
  if (value === undefined || value === null || value === '') return []
  const isList = Array.isArray(value)
  const conditions: Condition[] = []
  for (const text of textsOf(value, name)) {
    const substituted = substituteEnv(text, env)
    // Alone, what becomes empty is no condition at all; in a list OGX refuses it.
    if (substituted.kind === 'none' && !isList) return []
    conditions.push(readCondition(substituted, name, doubts))
  }
  return conditions
}

function readCondition(substituted: Substitution, name: string, doubts: string[]): Condition {
  if (substituted.kind !== 'text') {
    doubts.push(`a condition of ${name} is unknown here, since ${whyUnknown(substituted)}`)
    return UNKNOWN_CONDITION
  }
  const condition = parseCondition(substituted.text)
  if (condition === undefined) doubts.push(`a condition of ${name} is none that OGX 1.5 knows`)
  return condition ?? UNKNOWN_CONDITION
}

function whyUnknown(substituted: Exclude<Substitution, { kind: 'text' }>): string {
  if (substituted.kind === 'unresolved') {
    return `its variable ${substituted.name} is not set here (or begins with ~): set it as for OGX`
  }
  return 'it becomes no text by its variables, which OGX refuses'
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.map((text) => {
    if (typeof text === 'string') return text
    throw new RuleError(`${name} is a text or a list of texts`)
  })
}
