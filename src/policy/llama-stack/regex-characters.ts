export type RegexClass = 'd' | 'D' | 'w' | 'W' | 's' | 'S'

export interface CharacterSet {
  readonly isNegated: boolean
  /** Code points, both ends included. */
  readonly ranges: readonly (readonly [number, number])[]
  readonly classes: readonly RegexClass[]
}

/** The letters that mean one control character in Python and in JavaScript alike (`\a` only in Python). */
export const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

export function isClassLetter(letter: string): letter is RegexClass {
  return /^[dDwWsS]$/.test(letter)
}

export function literalSet(character: string): CharacterSet {
  const code = codeOf(character)
  return { isNegated: false, ranges: [[code, code]], classes: [] }
}

export function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

/** `code` is ASCII where the set has classes: beyond it the Unicode tables of Python and JavaScript may differ. */
export function hasCharacter({ isNegated, ranges, classes }: CharacterSet, code: number): boolean {
  const isListed =
    ranges.some(([from, to]) => from <= code && code <= to) ||
    classes.some((letter) => isInClass(letter, code))
  return isListed !== isNegated
}

function isInClass(letter: RegexClass, code: number): boolean {
  switch (letter) {
    case 'd':
      return isDigit(code)
    case 'D':
      return !isDigit(code)
    case 'w':
      return isWordCharacter(code)
    case 'W':
      return !isWordCharacter(code)
    case 's':
      return isSpace(code)
    case 'S':
      return !isSpace(code)
  }
}

export function isWordCharacter(code: number): boolean {
  const lowerCase = code | 0x20
  return isDigit(code) || (0x61 <= lowerCase && lowerCase <= 0x7a) || code === 0x5f
}

function isDigit(code: number): boolean {
  return 0x30 <= code && code <= 0x39
}

/** Python counts the four information separators as white space; JavaScript does not. */
function isSpace(code: number): boolean {
  return (0x09 <= code && code <= 0x0d) || (0x1c <= code && code <= 0x20)
}
