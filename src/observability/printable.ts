// Controls, bidirectional and other invisible formatting, lone surrogates, line and paragraph separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

// Two parts are enough: a token that was cut off is still most of a credential. What stands before it does not matter.
// A beginning that does not go on is taken to the end of its part: no later one in it could, and a caller's scopes may be
// full of them, which would take quadratic time.
const JWT_OR_BEGINNING = /eyJ(?:[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*|[\w-]*)/g

// Nearly every text: its check is cheap, that of the whole of Unicode is not.
const ASCII = /^[\x20-\x7e]*$/

/** Text from outside for a log: at most `maxLength` characters and an ellipsis, nothing that moves a cursor or reorders a line. */
export function toPrintable(text: string, maxLength: number): string {
  const head = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return ASCII.test(head) ? head : head.replace(UNPRINTABLE, '\u{fffd}')
}

/** Puts `[token]` in the place of anything that looks like a JWT. */
export function maskTokens(text: string): string {
  return text.replace(JWT_OR_BEGINNING, (found) => (found.includes('.') ? '[token]' : found))
}
