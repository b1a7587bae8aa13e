/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/
const MAX_CHARACTERS = 256
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
  const areUsable = tokens.every((token) => isScopeToken(token) && token.length <= MAX_CHARACTERS)
  return areUsable ? [...new Set(tokens)].sort() : []
}

/** Grammar only; a token of any length counts. */
export function isScopeToken(text: string): boolean {
  return SCOPE_TOKEN.test(text)
}

export function splitAtSpaces(value: string): readonly string[] {
  return value.split(' ').filter((piece) => piece !== '')
}
