import type { ClaimsMapping } from './claim-attributes.ts'
import type { Condition } from './condition.ts'
import type { PathPattern } from './path-pattern.ts'

/** One rule of OGX's `route_policy`. */
export interface RouteAccessRule {
  /** Its place in the file, from 1. */
  readonly number: number
  readonly effect: 'permit' | 'forbid'
  /** Any of them; an empty list never matches. */
  readonly paths: readonly PathPattern[]
  /** All of them; those of an `unless` are negated already. */
  readonly conditions: readonly Condition[]
}

/** What `server.auth` of OGX's configuration says of routes. */
export interface LlamaStackPolicy {
  /** Empty: OGX checks no routes. */
  readonly rules: readonly RouteAccessRule[]
  readonly claimsMapping: ClaimsMapping
  /**
   * `known`: an attribute holds what the claims give it and no more. `incomplete`: OGX may see more than the token
   * shows here (another kind of provider, a mapping that is not resolved). `no-user`: it authenticates nobody,
   * and then no conditional rule ever matches.
   */
  readonly attributes: 'known' | 'incomplete' | 'no-user'
  /** What could not be translated, a sentence each, by rule number; such a rule counts as `maybe`. */
  readonly warnings: readonly string[]
}
