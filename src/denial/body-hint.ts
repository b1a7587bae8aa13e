import type { Hint } from './hint.ts'
import type { JsonBody } from './json-body.ts'
import { readLlamaStackHints } from './llama-stack-hints.ts'
import { readOAuthJson } from './oauth-json-hint.ts'
import type { FieldReading } from './structured-field-hint.ts'
import { readStructuredFields } from './structured-field-hint.ts'

/** What a JSON body says; `undefined` where it says nothing, or two things that do not agree. */
export function readBodyHint(status: number, { mediaType, members }: JsonBody): Hint | undefined {
  const fields = readStructuredFields(members)
  if (mediaType === 'problem+json') return agreed(fields)
  const oauth = readOAuthJson(members)
  if (oauth === undefined) return agreed([...fields, ...readLlamaStackHints(status, members)])
  // The error code stands; scopes that another field contradicts do not.
  return fields.every((field) => isSame(field, oauth)) ? oauth : { ...oauth, scopes: [] }
}

function agreed(readings: readonly FieldReading[]): Hint | undefined {
  const [first, ...others] = readings
  return first !== undefined && others.every((other) => isSame(other, first)) ? first : undefined
}

function isSame(one: FieldReading, other: Hint): boolean {
  return one !== undefined && meaning(one) === meaning(other)
}

function meaning({ scopes, mode, route }: Hint): string {
  return JSON.stringify([scopes, mode, route])
}
