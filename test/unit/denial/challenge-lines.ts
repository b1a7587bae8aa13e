import fc from 'fast-check'
import type { ReferenceChallenge } from '../../support/reference-challenge-grammar.ts'
import type { Model } from './parsed.ts'

/** A piece of a field value together with what it stands for. */
export interface Written<T> {
  readonly text: string
  readonly model: T
}

const TOKEN = fc.string({
  unit: fc.constantFrom(..."!#$%&'*+-.^_`|~0189AZaz"),
  minLength: 1,
  maxLength: 8,
})
const TOKEN68 = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'-._~+/09AZaz'), minLength: 1, maxLength: 8 }),
    fc.constantFrom('', '=', '=='),
  )
  .map(([text, padding]) => text + padding)
const OWS = fc.constantFrom('', ' ', '\t', ' \t ')
const SPACES = fc.constantFrom(' ', '   ')
const COMMA = fc
  .array(fc.tuple(OWS, OWS), { minLength: 1, maxLength: 3 })
  .map((commas) => commas.map(([before, after]) => `${before},${after}`).join(''))
const LEADING = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, COMMA, OWS)

const QUOTED: fc.Arbitrary<Written<string>> = fc
  .array(fc.tuple(fc.constantFrom(...'aZ0 \t",;=\\/\x80\xff'), fc.boolean()), { maxLength: 8 })
  .map((characters) => {
    const text = characters
      .map(([character, isEscaped]) =>
        isEscaped || character === '"' || character === '\\' ? `\\${character}` : character,
      )
      .join('')
    return { text: `"${text}"`, model: characters.map(([character]) => character).join('') }
  })
const VALUE = fc.oneof(
  TOKEN.map((text): Written<string> => ({ text, model: text })),
  QUOTED,
)
const PARAMETER = fc.tuple(TOKEN, OWS, OWS, VALUE).map(
  ([name, before, after, value]): Written<readonly [string, string]> => ({
    text: `${name}${before}=${after}${value.text}`,
    model: [name.toLowerCase(), value.model],
  }),
)

/** Each element but the first with the commas before it. */
function listOf<T>(element: fc.Arbitrary<Written<T>>, minLength: number) {
  return fc
    .tuple(LEADING, fc.array(fc.tuple(COMMA, element), { minLength, maxLength: 4 }))
    .map(([leading, elements]) => ({
      text: elements
        .map(([comma, { text }], index) => (index === 0 ? text : comma + text))
        .join(''),
      leading,
      model: elements.map(([, { model }]) => model),
    }))
}

const CHALLENGE: fc.Arbitrary<Written<ReferenceChallenge>> = fc
  .tuple(
    TOKEN,
    SPACES,
    fc.oneof(
      fc.constant(undefined),
      TOKEN68,
      listOf(PARAMETER, 1).map(({ text, leading, model }) => ({
        // After the spaces no HTAB may stand before a parameter, unless a comma stands between.
        text: (leading.includes(',') ? leading : '') + text,
        model,
      })),
    ),
  )
  .map(([scheme, spaces, rest]) => {
    const name = scheme.toLowerCase()
    if (rest === undefined) return { text: scheme, model: { scheme: name, parameters: [] } }
    if (typeof rest === 'string') {
      return { text: scheme + spaces + rest, model: { scheme: name, parameters: [] } }
    }
    return { text: scheme + spaces + rest.text, model: { scheme: name, parameters: rest.model } }
  })
/** One line of challenges in any way that RFC 9110 lets it be written. */
export const CHALLENGE_LINE: fc.Arbitrary<Written<Model>> = fc
  .tuple(listOf(CHALLENGE, 0), LEADING)
  .map(([{ text, leading, model }, trailing]) => ({ text: leading + text + trailing, model }))
