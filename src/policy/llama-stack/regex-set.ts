import type { CharacterSet, RegexClass } from './regex-characters.ts'
import { CONTROL_ESCAPES, codeOf, isClassLetter } from './regex-characters.ts'
import type { RegexReader } from './regex-reader.ts'
import { RegexError } from './regex-reader.ts'

/** What follows a `[`. Python warns that `--`, `&&`, `||` and `~~` will become operators: they are refused here. */
export function parseSet(reader: RegexReader): CharacterSet {
  const isNegated = reader.take('^')
  const ranges: [number, number][] = []
  const classes: RegexClass[] = []
  // A bracket that comes first is a literal.
  for (let isFirst = true; isFirst || !reader.take(']'); isFirst = false) {
    const from = parseMember(reader)
    if (typeof from === 'string') classes.push(from)
    const to = parseRangeEnd(reader)
    if (to === undefined) {
      if (typeof from === 'number') ranges.push([from, from])
      continue
    }
    if (typeof from === 'string' || typeof to === 'string' || to < from) {
      throw new RegexError('invalid', 'bad character range')
    }
    ranges.push([from, to])
  }
  return { isNegated, ranges, classes }
}

/** A code point, or the letter of a class. */
function parseMember(reader: RegexReader): number | RegexClass {
  const character = reader.next()
  if ('-&|~'.includes(character) && reader.peek() === character) {
    throw new RegexError('unsupported', `${character}${character} in a set`)
  }
  if (character !== '\\') return codeOf(character)
  const escaped = reader.next()
  if (isClassLetter(escaped)) return escaped
  const control = CONTROL_ESCAPES.get(escaped)
  if (control === undefined && /[A-Za-z0-9]/.test(escaped)) {
    throw new RegexError('unsupported', `the escape \\${escaped} in a set`)
  }
  return codeOf(control ?? escaped)
}

/** A hyphen before the closing bracket is a literal. */
function parseRangeEnd(reader: RegexReader): number | RegexClass | undefined {
  if (reader.peek() !== '-' || reader.takeMatch(/-(?!\])/y) === undefined) return undefined
  return parseMember(reader)
}
