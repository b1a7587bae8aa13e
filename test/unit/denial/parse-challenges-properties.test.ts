import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseChallenges } from '../../../src/denial/parse-challenges.ts'
import { readByAbnf } from '../../support/reference-challenge-grammar.ts'
import { CHALLENGE_LINE } from './challenge-lines.ts'
import type { Model } from './parsed.ts'
import { parsed } from './parsed.ts'

function withoutRepetitions(model: Model): Model {
  return model.filter(
    ({ parameters }) => new Set(parameters.map(([name]) => name)).size === parameters.length,
  )
}

t.test('whatever list is written, just that list is read', async (t) => {
  fc.assert(
    fc.property(fc.array(CHALLENGE_LINE, { maxLength: 3 }), (lines) => {
      const expected = withoutRepetitions(lines.flatMap(({ model }) => model))
      assert.deepStrictEqual(parsed(...lines.map(({ text }) => text)), expected)
    }),
    { numRuns: 1000 },
  )
  t.pass('no counterexample')
})

/** Compares with the ABNF; whether the text was well-formed. */
function compare(text: string): boolean {
  const readings = readByAbnf(text)
  const actual = JSON.stringify(parsed(text))
  const expected = JSON.stringify(withoutRepetitions(readings[0] ?? []))
  if (readings.length > 1 || actual !== expected) {
    throw new Error(`${JSON.stringify(text)}: ${actual}, by the ABNF ${JSON.stringify(readings)}`)
  }
  return readings.length === 1
}

const SHORT_LINE = CHALLENGE_LINE.filter(({ text }) => text.length <= 60)

t.test('a damaged line is read as the ABNF reads it, or not at all', async (t) => {
  const counts = { sound: 0, malformed: 0 }
  const damage = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 2 }),
    put: fc.string({ unit: fc.constantFrom(...'a=," \t\\/;\x80\x00'), maxLength: 2 }),
  })
  fc.assert(
    fc.property(
      SHORT_LINE,
      fc.array(damage, { minLength: 1, maxLength: 2 }),
      ({ text }, damages) => {
        const damaged = damages.reduce((sum, { at, cut, put }) => {
          const from = at % (sum.length + 1)
          return sum.slice(0, from) + put + sum.slice(from + cut)
        }, text)
        counts[compare(damaged) ? 'sound' : 'malformed'] += 1
      },
    ),
    { numRuns: 400 },
  )
  t.ok(counts.sound > 20, 'some are still well-formed')
  t.ok(counts.malformed > 50, 'some are not')
})

t.test('every short text out of seven characters is read as the ABNF reads it', async (t) => {
  const texts = (length: number): readonly string[] =>
    length === 0
      ? ['']
      : texts(length - 1).flatMap((text) => [...'a=," \t\\'].map((character) => text + character))
  const all = [0, 1, 2, 3, 4].flatMap(texts).flatMap((text) => [text, `a ${text}`, `a b=a,${text}`])
  t.equal(all.length, 3 * 2801)
  t.ok(all.filter(compare).length > 500, 'many are well-formed')
})

t.test("a short text of the grammar's own characters is read as the ABNF reads it", async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'aab==,,  "\t\\/'), maxLength: 16 })
  fc.assert(
    fc.property(text, (tail) => {
      compare(`Z ${tail}`)
    }),
    { numRuns: 2000 },
  )
  t.pass('no counterexample')
})

t.test('no text makes it throw', async (t) => {
  const latin1 = fc.string({ unit: fc.nat({ max: 0xff }).map((code) => String.fromCharCode(code)) })
  const line = fc.oneof(latin1, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      parseChallenges(lines)
      parseChallenges(lines.map((text) => `Bearer a=b, ${text}`))
    }),
    { numRuns: 1000 },
  )
  t.pass('no counterexample')
})
