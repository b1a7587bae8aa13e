import type { TokenClaims } from '../../subject-token.ts'
import type { Attributes, ClaimsMapping } from './claim-attributes.ts'
import { attributesOf } from './claim-attributes.ts'
import { pythonWords } from './python-words.ts'

/** All that a condition asks of a caller: whether an attribute has a value. */
export interface HeldValues {
  has(attribute: string, value: string): boolean
}

/** What OGX makes of one token, and what it would make of it with other scopes. */
export interface TokenAttributes {
  /** By all its claims. */
  readonly own: HeldValues
  /** The attributes that the `scope` claim feeds: one, as a rule. */
  readonly fedByScope: ReadonlySet<string>
  /** With exactly these scopes, and those scope tokens that are added: many trials have most of it in common. */
  withScopes(scopes: Iterable<string>): (added: readonly string[]) => HeldValues
}

/**
 * Reads the claims once: a token may hold thousands of groups, and a search through a policy asks hundreds of times.
 * What scopes give stays together, through whatever lists attributes share, so it can be added afterwards.
 */
export function readTokenAttributes(
  payload: TokenClaims['payload'],
  mapping: ClaimsMapping,
): TokenAttributes {
  const without = attributesOf({ ...payload, scope: '' }, mapping)
  const fedByScope = namesFedByScope(without, attributesOf({ ...payload, scope: 'x' }, mapping))
  const byOtherClaims = heldValues(without)
  return {
    own: heldValues(attributesOf(payload, mapping)),
    fedByScope,
    withScopes(scopes) {
      const words = new Set(pythonWords([...scopes].join(' ')))
      return (added) => ({
        has: (attribute, value) =>
          byOtherClaims.has(attribute, value) ||
          (fedByScope.has(attribute) && (words.has(value) || added.includes(value))),
      })
    },
  }
}

function heldValues(attributes: Attributes): HeldValues {
  const sets = new Map([...attributes].map(([name, values]) => [name, new Set(values)]))
  return { has: (attribute, value) => sets.get(attribute)?.has(value) === true }
}

/** Those that one more scope makes longer: any claim may hold any text, so the text alone would prove nothing. */
function namesFedByScope(without: Attributes, withOne: Attributes): ReadonlySet<string> {
  const isLonger = (name: string) =>
    (withOne.get(name)?.length ?? 0) > (without.get(name)?.length ?? 0)
  return new Set([...withOne.keys()].filter(isLonger))
}
