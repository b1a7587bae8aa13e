import { isUsableScopeToken } from '../scope-token.ts'

const MAX_TOKENS = 100

/**
 * The scope tokens of a `scope` value (RFC 6749 §3.3), deduplicated and sorted. Only spaces separate: a comma is a
 * legal scope character. All or nothing: empty where one token is illegal or longer than 256, or more than 100 stand there.
 */
export function parseScopeTokens(value: string): readonly string[] {
  return collectScopeTokens(splitAtSpaces(value))
}

/** The same judgement on tokens that are separate already, as in a JSON array. */
export function collectScopeTokens(tokens: readonly string[]): readonly string[] {
  if (tokens.length > MAX_TOKENS) return []
  return tokens.every(isUsableScopeToken) ? [...new Set(tokens)].sort() : []
}

export function splitAtSpaces(value: string): readonly string[] {
  return value.split(' ').filter((piece) => piece !== '')
}
