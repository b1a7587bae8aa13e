import { isJsonObject } from '../../json-object.ts'
import { pythonWords } from './python-words.ts'

/** Claim → attribute, in the order of the file. */
export type ClaimsMapping = ReadonlyMap<string, string>
export type Attributes = ReadonlyMap<string, readonly string[]>

/** `OAuth2TokenAuthConfig` (OGX 1.5.0); a mapping in the file replaces it whole. */
export const DEFAULT_CLAIMS_MAPPING: ClaimsMapping = new Map([
  ['sub', 'roles'],
  ['username', 'roles'],
  ['groups', 'teams'],
  ['team', 'teams'],
  ['project', 'projects'],
  ['tenant', 'namespaces'],
  ['namespace', 'namespaces'],
])

/**
 * `ogx.core.server.auth_providers.get_attributes_from_claims` (1.5.0), with its habit of keeping a claim's list itself:
 * where two keys name one list, a value that one attribute gains later the other one gains too.
 */
export function attributesOf(
  claims: Readonly<Record<string, unknown>>,
  mapping: ClaimsMapping,
): Attributes {
  const attributes = new Map<string, string[]>()
  const lists = new Map<unknown, string[]>()
  for (const [key, attribute] of mapping) {
    const claim = claimOf(claims, key)
    const values = typeof claim === 'string' ? pythonWords(claim) : listOf(claim, lists)
    if (values === undefined) continue
    const present = attributes.get(attribute)
    if (present === undefined) attributes.set(attribute, values)
    else for (const value of [...values]) present.push(value)
  }
  return attributes
}

function claimOf(claims: Readonly<Record<string, unknown>>, key: string): unknown {
  let claim: unknown = claims
  for (const part of key.split(/(?<!\\)\./)) {
    claim = memberOf(claim, part.replaceAll('\\.', '.'))
    if (claim === undefined || claim === null) return memberOf(claims, key)
  }
  return claim
}

function memberOf(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** OGX answers 401 to a list with anything but texts in it, before it comes to routes. */
function listOf(claim: unknown, lists: Map<unknown, string[]>): string[] | undefined {
  if (!Array.isArray(claim)) return undefined
  const known = lists.get(claim)
  if (known !== undefined) return known
  const list = claim.filter((value) => typeof value === 'string')
  lists.set(claim, list)
  return list
}
