import { isJsonObject } from '../json-object.ts'
import type { Hint } from './hint.ts'
import type { JsonBody } from './json-body.ts'
import { collectScopeTokens, splitAtSpaces } from './scope-tokens.ts'

/** What stands in one field; `undefined` where it is of another type or names nothing. */
export type FieldReading = Hint | undefined

/**
 * One reading for each `required_scope` (a string) and `required_scopes` (an array of scope tokens, or a string), at the
 * top level and in the objects `error`, `detail` and `error_details`; a field that is `null` is not there.
 */
export function readStructuredFields(members: JsonBody['members']): readonly FieldReading[] {
  const { error, detail, error_details } = members
  const holders = [members, error, detail, error_details].filter(isJsonObject)
  return holders.flatMap(({ required_scope, required_scopes }) => [
    ...readField(required_scope, readString),
    ...readField(required_scopes, (value) => readString(value) ?? readArray(value)),
  ])
}

type Reader = (value: unknown) => readonly string[] | undefined

function readField(value: unknown, read: Reader): readonly FieldReading[] {
  return value === undefined || value === null ? [] : [asHint(read(value))]
}

function readString(value: unknown): readonly string[] | undefined {
  return typeof value === 'string' ? splitAtSpaces(value) : undefined
}

function readArray(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((member) => typeof member === 'string')
  return isList ? value : undefined
}

/** An empty list names nothing, and without an error code nothing else says that a scope is missing. */
function asHint(tokens: readonly string[] | undefined): FieldReading {
  if (tokens === undefined || tokens.length === 0) return undefined
  return {
    kind: 'insufficient-scope',
    scopes: collectScopeTokens(tokens),
    mode: 'all',
    source: 'structured-field',
    hasErrorCode: false,
  }
}
