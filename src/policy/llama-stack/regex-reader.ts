/** `invalid`: Python refuses it as well. `unsupported`: it may well mean something there. */
export class RegexError extends Error {
  readonly code: 'invalid' | 'unsupported'

  constructor(code: 'invalid' | 'unsupported', message: string) {
    super(message)
    this.name = 'RegexError'
    this.code = code
  }
}

/** Walks a pattern by code points, as Python does. */
export interface RegexReader {
  peek(): string | undefined
  /** Throws `RegexError` at the end. */
  next(): string
  take(character: string): boolean
  /** `pattern` is sticky. */
  takeMatch(pattern: RegExp): RegExpExecArray | undefined
}

export function createRegexReader(text: string): RegexReader {
  let at = 0

  function peek(): string | undefined {
    const code = text.codePointAt(at)
    return code === undefined ? undefined : String.fromCodePoint(code)
  }

  return {
    peek,
    next() {
      const character = peek()
      if (character === undefined) throw new RegexError('invalid', 'the pattern ends too early')
      at += character.length
      return character
    },
    take(character) {
      if (!text.startsWith(character, at)) return false
      at += character.length
      return true
    },
    takeMatch(pattern) {
      pattern.lastIndex = at
      const match = pattern.exec(text) ?? undefined
      at += match?.[0].length ?? 0
      return match
    },
  }
}
