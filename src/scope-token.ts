/** RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/
const MAX_CHARACTERS = 256

/** Keycloak ignores a longer `scope` parameter and answers 200 with the client's defaults alone. */
export const MAX_SCOPE_PARAMETER_CHARACTERS = 4_000

/** By the grammar; a token of any length counts. */
export function isScopeToken(text: string): boolean {
  return SCOPE_TOKEN.test(text)
}

/** By the grammar and our own bound of 256 characters: what may be asked for. */
export function isUsableScopeToken(text: string): boolean {
  return text.length <= MAX_CHARACTERS && SCOPE_TOKEN.test(text)
}

/** Whether Keycloak reads these scopes as the `scope` of one request. */
export function fitsScopeParameter(scopes: readonly string[]): boolean {
  return scopes.join(' ').length <= MAX_SCOPE_PARAMETER_CHARACTERS
}
