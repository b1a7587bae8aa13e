import fc from 'fast-check'
import { readByAbnf } from '../../support/reference-challenge-grammar.ts'
import { CHALLENGE_LINE } from '../../unit/denial/challenge-lines.ts'
import type { Model } from '../../unit/denial/parsed.ts'
import { parsed } from '../../unit/denial/parsed.ts'
import { createTarget } from '../target.ts'

/** The reference tries every way through a text: longer ones would take it minutes. */
const MAX_CHARACTERS = 50

const DAMAGE = fc.record({
  at: fc.nat(),
  cut: fc.nat({ max: 3 }),
  put: fc.string({ unit: fc.constantFrom(...'a=," \t\\/;\x80\x00\x7f'), maxLength: 3 }),
})
const WRITTEN = fc
  .tuple(
    CHALLENGE_LINE.filter(({ text }) => text.length <= MAX_CHARACTERS),
    fc.array(DAMAGE, { maxLength: 2 }),
  )
  .map(([{ text }, damages]) =>
    damages.reduce((sum, { at, cut, put }) => {
      const from = at % (sum.length + 1)
      return sum.slice(0, from) + put + sum.slice(from + cut)
    }, text),
  )
const SOUP = fc
  .string({ unit: fc.constantFrom(...'aab==,,  "\t\\/'), maxLength: 16 })
  .map((text) => `Z ${text}`)
const LATIN_1 = fc.string({
  unit: fc.nat({ max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
})

/** The parser against the ABNF of RFC 9110, read by an independent program. */
export const challenges = createTarget('challenges', 3, () =>
  fc.property(fc.oneof(WRITTEN, SOUP, LATIN_1), (text) => {
    const readings = readByAbnf(text)
    const expected = withoutRepetitions(readings[0] ?? [])
    return readings.length <= 1 && JSON.stringify(parsed(text)) === JSON.stringify(expected)
  }),
)

function withoutRepetitions(model: Model): Model {
  return model.filter(
    ({ parameters }) => new Set(parameters.map(([name]) => name)).size === parameters.length,
  )
}
