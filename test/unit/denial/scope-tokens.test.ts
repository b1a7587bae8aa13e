import fc from 'fast-check'
import t from 'tap'
import { parseScopeTokens } from '../../../src/denial/scope-tokens.ts'
import { titleOf } from './denial-of.ts'

const LONGEST = 'x'.repeat(256)

const CASES: readonly (readonly [value: string, expected: readonly string[]])[] = [
  ['', []],
  ['   ', []],
  ['read', ['read']],
  ['write read', ['read', 'write']],
  [' read  read   write ', ['read', 'write']],
  ['b a B A', ['A', 'B', 'a', 'b']],
  ['read,write', ['read,write']],
  ['read, write', ['read,', 'write']],
  ["!#'()[]{}~ %5C", ["!#'()[]{}~", '%5C']],
  ['read "admin"', []],
  ['read\\write admin', []],
  ['read\twrite', []],
  ['read\nwrite', []],
  ['read\n', []],
  ['read\r write', []],
  ['read\0', []],
  ['read \x7f', []],
  ['read caf\xe9', []],
  ['read\xa0write', []],
  ['read\u2003write', []],
  ['read \u0430dmin', []],
  ['read \ud800', []],
  [LONGEST, [LONGEST]],
  [`read ${LONGEST}x`, []],
  [
    Array.from({ length: 100 }, (_, index) => 100 + index).join(' '),
    Array.from({ length: 100 }, (_, index) => `${100 + index}`),
  ],
  ['a '.repeat(100), ['a']],
  ['a '.repeat(101), []],
]

for (const [value, expected] of CASES) {
  t.test(`the scope value ${titleOf(value)}`, async (t) => {
    t.same(parseScopeTokens(value), expected)
  })
}

t.test('each character by itself is a scope token just where RFC 6749 §3.3 lists it', async (t) => {
  const listed = new Set(
    "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~",
  )
  const characters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code))
  t.equal(listed.size, 92)
  t.same(
    characters.filter((one) => parseScopeTokens(one).length === 1),
    [...listed].sort(),
  )
})

t.test('any list of scope tokens comes back sorted and without repetition', async (t) => {
  const token = fc.string({ unit: fc.constantFrom(...'!#[]~,=az'), minLength: 1, maxLength: 3 })
  const spaces = fc.constantFrom(' ', '  ')
  fc.assert(
    fc.property(fc.array(fc.tuple(token, spaces), { maxLength: 100 }), (list) => {
      const found = parseScopeTokens(list.flat().join(''))
      const expected = [...new Set(list.map(([text]) => text))].sort()
      return JSON.stringify(found) === JSON.stringify(expected)
    }),
  )
  t.pass('no counterexample')
})
