/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.3). A token68 is accepted and not kept: no reader wants it. */
export interface Challenge {
  /** In lower case: schemes are case-insensitive. */
  readonly scheme: string
  /** By name in lower case; values without their quotes. */
  readonly parameters: ReadonlyMap<string, string>
}

interface Cursor {
  readonly text: string
  at: number
}

interface RawChallenge {
  readonly scheme: string
  readonly parameters: readonly Parameter[]
}

type Parameter = readonly [name: string, value: string]

const MAX_LINE_CHARACTERS = 8192
const MAX_CHARACTERS = 16_384
const MAX_CHALLENGES = 64

/** RFC 9110 §5.5: HTAB, SP, VCHAR and obs-text; no other control character, and nothing that is no octet. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

// Each pattern is one run of one character class: none can backtrack.
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const TOKEN68 = /[A-Za-z0-9._~+/-]+/y
const PADDING = /=+/y
const SPACES = / +/y
const WHITESPACE = /[\t ]+/y
const SEPARATORS = /[\t ,]+/y
const QUOTED_RUN = /[^"\\]+/y

/**
 * Reads the values of all `WWW-Authenticate` lines, each by itself, under the grammar of RFC 9110 §11 and in linear time.
 * Never throws: a line that is not wholly of that grammar, or longer than 8192 characters, is dropped; more than 16 384
 * characters or 64 challenges in all: everything is. A challenge that repeats a parameter is dropped (RFC 6750 §3).
 */
export function parseChallenges(fieldValues: readonly string[]): readonly Challenge[] {
  const characters = fieldValues.reduce((sum, value) => sum + value.length, 0)
  if (characters > MAX_CHARACTERS) return []
  const challenges = fieldValues.flatMap((value) => parseLine(value) ?? [])
  return challenges.length > MAX_CHALLENGES ? [] : challenges.flatMap(withoutRepetition)
}

function withoutRepetition({ scheme, parameters }: RawChallenge): readonly Challenge[] {
  const byName = new Map(parameters)
  return byName.size === parameters.length ? [{ scheme, parameters: byName }] : []
}

function parseLine(text: string): readonly RawChallenge[] | undefined {
  if (text.length > MAX_LINE_CHARACTERS || !FIELD_VALUE.test(text)) return undefined
  const cursor = { text, at: 0 }
  const challenges: RawChallenge[] = []
  for (;;) {
    // RFC 9110 §5.6.1.2: a recipient takes empty list elements.
    take(cursor, SEPARATORS)
    if (cursor.at === text.length) return challenges
    const challenge = takeChallenge(cursor)
    if (challenge === undefined) return undefined
    challenges.push(challenge)
  }
}

/** RFC 9110 §11.3: challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]. */
function takeChallenge(cursor: Cursor): RawChallenge | undefined {
  const scheme = takeToken(cursor)?.toLowerCase()
  if (scheme === undefined) return undefined
  const hasMore = take(cursor, SPACES) !== '' && !takeToken68(cursor)
  const parameters = hasMore ? takeParameters(cursor) : []
  return parameters !== undefined && isAtEndOfElement(cursor) ? { scheme, parameters } : undefined
}

/** `a=` is a token68 and `a=b` a parameter: what follows tells them apart. */
function takeToken68(cursor: Cursor): boolean {
  const start = cursor.at
  if (take(cursor, TOKEN68) !== '') {
    take(cursor, PADDING)
    if (isAtEndOfElement(cursor)) return true
  }
  cursor.at = start
  return false
}

/** A comma separates parameters and challenges alike: the list ends before an element that is no parameter. */
function takeParameters(cursor: Cursor): readonly Parameter[] | undefined {
  const parameters: Parameter[] = []
  let isParameterDue = !isAtEndOfElement(cursor)
  for (;;) {
    if (isParameterDue) {
      const parameter = takeParameter(cursor)
      if (parameter === undefined || !isAtEndOfElement(cursor)) return undefined
      parameters.push(parameter)
    }
    const end = cursor.at
    take(cursor, SEPARATORS)
    isParameterDue = isAtParameter(cursor)
    if (!isParameterDue) {
      cursor.at = end
      return parameters
    }
  }
}

/** RFC 9110 §11.2: auth-param = token BWS "=" BWS ( token / quoted-string ). */
function takeParameter(cursor: Cursor): Parameter | undefined {
  const name = takeToken(cursor)?.toLowerCase()
  take(cursor, WHITESPACE)
  if (name === undefined || cursor.text[cursor.at] !== '=') return undefined
  cursor.at += 1
  take(cursor, WHITESPACE)
  const value = cursor.text[cursor.at] === '"' ? takeQuotedString(cursor) : takeToken(cursor)
  return value === undefined ? undefined : [name, value]
}

function takeToken(cursor: Cursor): string | undefined {
  const token = take(cursor, TOKEN)
  return token === '' ? undefined : token
}

/** RFC 9110 §5.6.4; FIELD_VALUE has already excluded what neither qdtext nor a quoted-pair may hold. */
function takeQuotedString(cursor: Cursor): string | undefined {
  cursor.at += 1
  let value = ''
  for (;;) {
    value += take(cursor, QUOTED_RUN)
    const isEscape = cursor.text[cursor.at] === '\\'
    const next = cursor.text[cursor.at + (isEscape ? 1 : 0)]
    if (next === undefined) return undefined
    cursor.at += isEscape ? 2 : 1
    if (!isEscape) return value
    value += next
  }
}

function isAtParameter(cursor: Cursor): boolean {
  const start = cursor.at
  const isNamed = takeToken(cursor) !== undefined
  take(cursor, WHITESPACE)
  const isParameter = isNamed && cursor.text[cursor.at] === '='
  cursor.at = start
  return isParameter
}

function isAtEndOfElement(cursor: Cursor): boolean {
  const start = cursor.at
  take(cursor, WHITESPACE)
  const next = cursor.text[cursor.at]
  cursor.at = start
  return next === undefined || next === ','
}

function take(cursor: Cursor, run: RegExp): string {
  run.lastIndex = cursor.at
  const taken = run.exec(cursor.text)?.[0] ?? ''
  cursor.at += taken.length
  return taken
}
