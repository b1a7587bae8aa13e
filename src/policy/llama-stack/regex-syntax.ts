import type { CharacterSet, RegexClass } from './regex-characters.ts'
import { CONTROL_ESCAPES, isClassLetter, literalSet } from './regex-characters.ts'
import type { RegexReader } from './regex-reader.ts'
import { createRegexReader, RegexError } from './regex-reader.ts'
import { parseSet } from './regex-set.ts'

/** A regular expression in the language theorist's sense: whether it matches needs no order of trying. */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'alternatives'; readonly nodes: readonly RegexNode[] }
  | {
      readonly kind: 'repeat'
      readonly node: RegexNode
      readonly min: number
      readonly max: number
    }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }

/** `end-or-newline` is Python's `$`: before a final line feed, too. */
export type Assertion = 'start' | 'end' | 'end-or-newline' | 'boundary' | 'no-boundary'

const MAX_GROUP_DEPTH = 30
const ASSERTION_ESCAPES = new Map<string, Assertion>([
  ['A', 'start'],
  ['Z', 'end'],
  ['b', 'boundary'],
  ['B', 'no-boundary'],
])
const ANY_BUT_LINE_FEED: CharacterSet = { isNegated: true, ranges: [[10, 10]], classes: [] }

/**
 * Python's syntax (`re._parser` of 3.12 to 3.14), less what is not regular or not the same in all of them:
 * look-around, back references, flags, named, atomic and possessive groups. Throws `RegexError`.
 */
export function parseRegexSyntax(pattern: string): RegexNode {
  const reader = createRegexReader(pattern)
  const node = parseAlternatives(reader, 0)
  if (reader.peek() !== undefined) throw new RegexError('invalid', 'unbalanced parenthesis')
  return node
}

function parseAlternatives(reader: RegexReader, depth: number): RegexNode {
  if (depth > MAX_GROUP_DEPTH) throw new RegexError('unsupported', 'groups nested too deep')
  const first = parseSequence(reader, depth)
  if (reader.peek() !== '|') return first
  const nodes = [first]
  while (reader.take('|')) nodes.push(parseSequence(reader, depth))
  return { kind: 'alternatives', nodes }
}

function parseSequence(reader: RegexReader, depth: number): RegexNode {
  const nodes: RegexNode[] = []
  for (;;) {
    const next = reader.peek()
    if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', nodes }
    const range = parseQuantifier(reader)
    if (range === undefined) nodes.push(parseItem(reader, depth))
    else nodes.push(repeated(nodes.pop(), range))
  }
}

function repeated(item: RegexNode | undefined, { min, max }: Range): RegexNode {
  if (item === undefined || item.kind === 'assertion') {
    throw new RegexError('invalid', 'nothing to repeat')
  }
  if (item.kind === 'repeat') throw new RegexError('invalid', 'multiple repeat')
  return { kind: 'repeat', node: item, min, max }
}

interface Range {
  readonly min: number
  readonly max: number
}

const QUANTIFIERS = new Map<string, Range>([
  ['*', { min: 0, max: Number.POSITIVE_INFINITY }],
  ['+', { min: 1, max: Number.POSITIVE_INFINITY }],
  ['?', { min: 0, max: 1 }],
])

/** A lazy quantifier matches the same texts; a possessive one does not. A brace that is no quantifier is a literal. */
function parseQuantifier(reader: RegexReader): Range | undefined {
  const simple = QUANTIFIERS.get(reader.peek() ?? '')
  if (simple !== undefined) reader.next()
  const range = simple ?? parseBraces(reader)
  if (range !== undefined && !reader.take('?') && reader.take('+')) {
    throw new RegexError('unsupported', 'a possessive quantifier')
  }
  return range
}

function parseBraces(reader: RegexReader): Range | undefined {
  const braces = reader.takeMatch(/\{(?:(\d+)|(\d*),(\d*))\}/y)
  if (braces === undefined) return undefined
  const [, exactly, from = '', to = ''] = braces
  const min = Number(exactly ?? from)
  const max = exactly ?? to
  const range = { min, max: max === '' ? Number.POSITIVE_INFINITY : Number(max) }
  if (range.max < range.min) throw new RegexError('invalid', 'min repeat greater than max repeat')
  return range
}

function parseItem(reader: RegexReader, depth: number): RegexNode {
  const character = reader.next()
  switch (character) {
    case '.':
      return { kind: 'set', set: ANY_BUT_LINE_FEED }
    case '^':
      return { kind: 'assertion', assertion: 'start' }
    case '$':
      return { kind: 'assertion', assertion: 'end-or-newline' }
    case '(':
      return parseGroup(reader, depth)
    case '[':
      return { kind: 'set', set: parseSet(reader) }
    case '\\':
      return parseEscape(reader)
    default:
      return { kind: 'set', set: literalSet(character) }
  }
}

function parseGroup(reader: RegexReader, depth: number): RegexNode {
  if (reader.take('?') && !reader.take(':')) {
    throw new RegexError('unsupported', 'a group that begins with (? but not with (?:')
  }
  const node = parseAlternatives(reader, depth + 1)
  if (!reader.take(')')) throw new RegexError('invalid', 'unterminated group')
  return node
}

function parseEscape(reader: RegexReader): RegexNode {
  const character = reader.next()
  const assertion = ASSERTION_ESCAPES.get(character)
  if (assertion !== undefined) return { kind: 'assertion', assertion }
  return { kind: 'set', set: escapedSet(character) }
}

function escapedSet(character: string): CharacterSet {
  if (isClassLetter(character)) return classSet(character)
  const control = CONTROL_ESCAPES.get(character)
  if (control === undefined && /[A-Za-z0-9]/.test(character)) {
    throw new RegexError('unsupported', `the escape \\${character}`)
  }
  return literalSet(control ?? character)
}

function classSet(letter: RegexClass): CharacterSet {
  return { isNegated: false, ranges: [], classes: [letter] }
}
