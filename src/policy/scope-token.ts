/** RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`; the length is our own bound. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/

export function isScopeToken(text: string): boolean {
  return SCOPE_TOKEN.test(text)
}
