import type { ScopeRules } from './route-policy.ts'

export interface ScopeRulesOptions {
  /** ALLOWED_SCOPES: patterns, where `*` stands for any characters, also none. */
  readonly allowed: readonly string[]
  /** DENIED_SCOPES: patterns of the same kind. */
  readonly denied: readonly string[]
  /** The operator did not set DENIED_SCOPES: then it yields to a scope named literally in `allowed`. */
  readonly isDeniedDefault: boolean
}

/** A refresh token that outlives the session (OpenID Connect Core §11): never by a pattern, only by its name. */
const OFFLINE_ACCESS = 'offline_access'

/** One judgement of a scope token; a deny wins. A `*` in the scope token itself is a character like any other. */
export function createScopeRules(options: ScopeRulesOptions): ScopeRules {
  const literallyAllowed = new Set(options.allowed.filter((pattern) => !pattern.includes('*')))
  const allowed = options.allowed.map(parseScopePattern)
  const denied = options.denied.map(parseScopePattern)

  function isDenied(scope: string): boolean {
    const isLiteral = literallyAllowed.has(scope)
    if (scope === OFFLINE_ACCESS && !isLiteral) return true
    if (options.isDeniedDefault && isLiteral) return false
    return denied.some((pattern) => matchesScope(pattern, scope))
  }

  return {
    isDenied,
    isAllowed: (scope) =>
      !isDenied(scope) && allowed.some((pattern) => matchesScope(pattern, scope)),
  }
}

/** The literal parts between the stars; one part alone has no star. */
interface ScopePattern {
  readonly first: string
  readonly middle: readonly string[]
  readonly last: string | undefined
}

function parseScopePattern(pattern: string): ScopePattern {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return { first, middle: [], last: undefined }
  return { first, middle: parts.slice(1, -1), last: parts.at(-1) ?? '' }
}

/** Each part is sought once, at its leftmost place after the one before it: no backtracking can find more. */
function matchesScope({ first, middle, last }: ScopePattern, scope: string): boolean {
  if (last === undefined) return scope === first
  if (!scope.startsWith(first) || !scope.endsWith(last)) return false
  let from = first.length
  for (const part of middle) {
    const at = scope.indexOf(part, from)
    if (at === -1) return false
    from = at + part.length
  }
  return from <= scope.length - last.length
}
