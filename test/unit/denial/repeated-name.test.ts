import fc from 'fast-check'
import t from 'tap'
import { hasRepeatedName } from '../../../src/denial/repeated-name.ts'
import { titleOf } from './denial-of.ts'

const UNIQUE = [
  '{}',
  '"a"',
  '17',
  '[]',
  '{"a":"a","b":"a"}',
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":2},"a","a"]',
  '{"a":"\\"a\\":","b":"{\\"b\\":1,\\"b\\":2}"}',
  '{"a":"\\\\","b":"\\\\\\""}',
  '{"a":1,"A":2,"":3," ":4}',
  '{"a":["b","b"],"b":1}',
]

for (const text of UNIQUE) {
  t.test(`${titleOf(text)} repeats no name`, async (t) => {
    t.equal(hasRepeatedName(text), false)
  })
}

const REPEATED = [
  '{"a":1,"a":1}',
  '{"a":{"a":1},"a":2}',
  '{"a":[{}],"b":2,"a":2}',
  '{"a":1,"a"\n\t :2}',
  '{"\\u0061":1,"a":2}',
  '{"\\"":1,"\\u0022":2}',
  '{"":1,"":2}',
  '[[{"x":[{"b":1,"c":"}","b":2}]}]]',
]

for (const text of REPEATED) {
  t.test(`${titleOf(text)} repeats a name`, async (t) => {
    t.equal(hasRepeatedName(text), true)
  })
}

t.test(
  'what JSON.stringify writes never repeats a name, and a member written twice always does',
  async (t) => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string({ unit: 'grapheme' }),
        fc.boolean(),
        (value, name, isTwice) => {
          const member = `${JSON.stringify(name)} : ${JSON.stringify(value)}`
          return hasRepeatedName(`[{${isTwice ? `${member} ,` : ''} ${member}}]`) === isTwice
        },
      ),
      { numRuns: 500 },
    )
    t.pass('no counterexample')
  },
)
