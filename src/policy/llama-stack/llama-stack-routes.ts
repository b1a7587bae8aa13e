import type { TokenClaims } from '../../subject-token.ts'
import type { ScopeRules } from '../route-policy.ts'
import type { ReachingRules } from './evaluate-route.ts'
import { reachingRules } from './evaluate-route.ts'
import type { FoundNeed } from './needed-scopes.ts'
import { findNeed } from './needed-scopes.ts'
import type { LlamaStackPolicy } from './route-access-rule.ts'
import type { TokenAttributes } from './token-attributes.ts'
import { readTokenAttributes } from './token-attributes.ts'

export interface LlamaStackRoutes {
  /** `path` is canonical; `claims` that are `undefined` count as empty. `undefined`: OGX checks no routes. */
  find(path: string, claims: TokenClaims | undefined): FoundNeed | undefined
}

export interface LlamaStackRoutesOptions {
  readonly policy: LlamaStackPolicy
  readonly scopeRules: ScopeRules
}

const MAX_REMEMBERED_PATHS = 1000
const MAX_REMEMBERED_PATH_CHARACTERS = 512
const NO_SCOPES: ReadonlySet<string> = new Set()

/** What is known of one token: its attributes, and the answers it has had. */
interface Reading {
  readonly attributes: TokenAttributes
  /** By the rules that reach a path; bounded like the paths. */
  readonly needs: Map<ReachingRules, FoundNeed>
}

/** OGX's policy, asked for every request: paths and tokens that come again are not worked out again. */
export function createLlamaStackRoutes(options: LlamaStackRoutesOptions): LlamaStackRoutes {
  const { policy, scopeRules } = options
  const { rules, claimsMapping, attributes: certainty } = policy
  const reachingByPath = new Map<string, ReachingRules>()
  const reachingByRules = new Map<string, ReachingRules>()
  const readings = new WeakMap<TokenClaims, Reading>()
  const nobody = read(undefined)

  function reaching(path: string): ReachingRules {
    const known = reachingByPath.get(path)
    if (known !== undefined) return known
    const found = shared(reachingRules(rules, path))
    if (path.length <= MAX_REMEMBERED_PATH_CHARACTERS) remember(reachingByPath, path, found)
    return found
  }

  /** Paths that the same rules reach have the same answers: `/v1/files/a` and `/v1/files/b`. */
  function shared(found: ReachingRules): ReachingRules {
    const key = found.map(({ rule, isPathCertain }) => `${rule.number}${isPathCertain}`).join()
    const known = reachingByRules.get(key)
    if (known === undefined) remember(reachingByRules, key, found)
    return known ?? found
  }

  function read(claims: TokenClaims | undefined): Reading {
    return {
      attributes: readTokenAttributes(claims?.payload ?? {}, claimsMapping),
      needs: new Map(),
    }
  }

  function readingOf(claims: TokenClaims | undefined): Reading {
    if (claims === undefined) return nobody
    const known = readings.get(claims)
    if (known !== undefined) return known
    const reading = read(claims)
    readings.set(claims, reading)
    return reading
  }

  return {
    find(path, claims) {
      if (rules.length === 0) return undefined
      const reached = reaching(path)
      const { attributes, needs } = readingOf(claims)
      const known = needs.get(reached)
      if (known !== undefined) return known
      const found = findNeed({
        rules: reached,
        certainty,
        held: claims?.scopes ?? NO_SCOPES,
        attributes,
        scopeRules,
      })
      remember(needs, reached, found)
      return found
    },
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size >= MAX_REMEMBERED_PATHS) map.clear()
  map.set(key, value)
}
