/**
 * A slow second reading of `WWW-Authenticate`, to compare the real parser with: the ABNF of RFC 9110 rule by rule. A rule
 * maps a position to all positions where it can end, and every way through the text is tried.
 */
export interface ReferenceChallenge {
  readonly scheme: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

interface Match<T> {
  readonly end: number
  readonly value: T
}

type Rule<T> = (text: string, start: number) => readonly Match<T>[]

/** All the lists that the text can be read as, without duplicates: none where it is malformed. For short texts only. */
export function readByAbnf(text: string): readonly (readonly ReferenceChallenge[])[] {
  const whole = then(OWS, then(list(CHALLENGE), OWS, first), second)
  return whole(text, 0)
    .filter(({ end }) => end === text.length)
    .map(({ value }) => value)
}

function octet(accepts: (code: number) => boolean): Rule<string> {
  return (text, start) => {
    const code = text.charCodeAt(start)
    return accepts(code) ? [{ end: start + 1, value: text.charAt(start) }] : []
  }
}

function oneOf(characters: string): Rule<string> {
  return octet((code) => characters.includes(String.fromCharCode(code)))
}

function then<A, B, C>(one: Rule<A>, other: Rule<B>, join: (a: A, b: B) => C): Rule<C> {
  return (text, start) =>
    distinct(
      one(text, start).flatMap((a) =>
        other(text, a.end).map((b) => ({ end: b.end, value: join(a.value, b.value) })),
      ),
    )
}

function either<T>(...rules: readonly Rule<T>[]): Rule<T> {
  return (text, start) => distinct(rules.flatMap((rule) => rule(text, start)))
}

function nothing<T>(value: T): Rule<T> {
  return (_, start) => [{ end: start, value }]
}

/** `*( rule )`, joined from the left; every count of repetitions is a match. */
function repeated<T>(rule: Rule<T>, empty: T, join: (sum: T, next: T) => T): Rule<T> {
  return (text, start) => {
    const found: Match<T>[] = [{ end: start, value: empty }]
    let latest: readonly Match<T>[] = found
    while (latest.length > 0) {
      latest = distinct(
        latest.flatMap((sum) =>
          rule(text, sum.end).map((next) => ({
            end: next.end,
            value: join(sum.value, next.value),
          })),
        ),
      )
      found.push(...latest)
    }
    return distinct(found)
  }
}

/** RFC 9110 §5.6.1.2: #element => [ element ] *( OWS "," OWS [ element ] ). */
function list<T>(element: Rule<T>): Rule<readonly T[]> {
  const single = then(element, nothing(undefined), (value): readonly T[] => [value])
  const optional = either(nothing<readonly T[]>([]), single)
  const further = then(then(OWS, then(oneOf(','), OWS, first), first), optional, second)
  return then(optional, repeated(further, [], concat), concat)
}

function distinct<T>(matches: readonly Match<T>[]): readonly Match<T>[] {
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()]
}

function first<A>(one: A): A {
  return one
}

function second<B>(_: unknown, other: B): B {
  return other
}

function glue(one: string, other: string): string {
  return one + other
}

function concat<T>(one: readonly T[], other: readonly T[]): readonly T[] {
  return [...one, ...other]
}

function many(rule: Rule<string>): Rule<string> {
  return repeated(rule, '', glue)
}

function some(rule: Rule<string>): Rule<string> {
  return then(rule, many(rule), glue)
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const OWS = many(oneOf(' \t'))
const TOKEN = some(oneOf(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`))
const TOKEN68 = then(some(oneOf(`-._~+/${ALPHANUMERIC}`)), many(oneOf('=')), glue)

// qdtext = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text
const QDTEXT = octet(
  (code) =>
    code === 0x09 ||
    code === 0x20 ||
    code === 0x21 ||
    (code >= 0x23 && code <= 0x5b) ||
    (code >= 0x5d && code <= 0x7e) ||
    (code >= 0x80 && code <= 0xff),
)
// quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )
const QUOTED_PAIR = then(
  oneOf('\\'),
  octet(
    (code) => code === 0x09 || (code >= 0x20 && code <= 0x7e) || (code >= 0x80 && code <= 0xff),
  ),
  second,
)
const QUOTED_STRING = then(
  oneOf('"'),
  then(many(either(QDTEXT, QUOTED_PAIR)), oneOf('"'), first),
  second,
)

const EQUALS = then(OWS, then(oneOf('='), OWS, first), second)
const AUTH_PARAM = then(
  TOKEN,
  then(EQUALS, either(TOKEN, QUOTED_STRING), second),
  (name, value) => [name.toLowerCase(), value] as const,
)
const NO_PARAMETERS: ReferenceChallenge['parameters'] = []
const CREDENTIALS = either(
  then(TOKEN68, nothing(undefined), () => NO_PARAMETERS),
  list(AUTH_PARAM),
)
// challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
const CHALLENGE: Rule<ReferenceChallenge> = then(
  TOKEN,
  either(nothing(NO_PARAMETERS), then(some(oneOf(' ')), CREDENTIALS, second)),
  (scheme, parameters) => ({ scheme: scheme.toLowerCase(), parameters }),
)
