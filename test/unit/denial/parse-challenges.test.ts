import t from 'tap'
import { parseChallenges } from '../../../src/denial/parse-challenges.ts'
import type { ReferenceChallenge } from '../../support/reference-challenge-grammar.ts'
import { readByAbnf } from '../../support/reference-challenge-grammar.ts'
import { titleOf } from './denial-of.ts'
import type { Model } from './parsed.ts'
import { parsed } from './parsed.ts'

function challenge(
  scheme: string,
  parameters: Readonly<Record<string, string>> = {},
): ReferenceChallenge {
  return { scheme, parameters: Object.entries(parameters) }
}

const READ: readonly (readonly [line: string, expected: Model])[] = [
  ['', []],
  [' \t', []],
  [',,, \t,', []],
  ['Bearer', [challenge('bearer')]],
  ['Bearer ', [challenge('bearer')]],
  ['Bearer \t', [challenge('bearer')]],
  ['Bearer \t ,', [challenge('bearer')]],
  ['Negotiate, NTLM', [challenge('negotiate'), challenge('ntlm')]],
  ['Negotiate , NTLM', [challenge('negotiate'), challenge('ntlm')]],
  ['Negotiate abc+/==', [challenge('negotiate')]],
  ['Negotiate abc==\t, Bearer a=b', [challenge('negotiate'), challenge('bearer', { a: 'b' })]],
  ['Bearer a=', [challenge('bearer')]],
  ['Bearer a= ', [challenge('bearer')]],
  ['Bearer a= b', [challenge('bearer', { a: 'b' })]],
  ['Bearer a\t =\t b', [challenge('bearer', { a: 'b' })]],
  ['Bearer   a=b', [challenge('bearer', { a: 'b' })]],
  ['Bearer , a=b', [challenge('bearer', { a: 'b' })]],
  ['Bearer \t,\t, a=b', [challenge('bearer', { a: 'b' })]],
  ['Bearer a=b,,c=d', [challenge('bearer', { a: 'b', c: 'd' })]],
  ['Bearer a=b,c ,d=e', [challenge('bearer', { a: 'b' }), challenge('c', { d: 'e' })]],
  ['Bearer a=b,c =d', [challenge('bearer', { a: 'b', c: 'd' })]],
  ['Bearer a=b,c d=', [challenge('bearer', { a: 'b' }), challenge('c')]],
  ['Bearer a=b,c d=e', [challenge('bearer', { a: 'b' }), challenge('c', { d: 'e' })]],
  ['Bearer a=""', [challenge('bearer', { a: '' })]],
  ['Bearer a="\\"\\\\\\x"', [challenge('bearer', { a: '"\\x' })]],
  ['Bearer a="b\tc\x80\xff"', [challenge('bearer', { a: 'b\tc\x80\xff' })]],
  ['Bearer a="b, Basic c=d"', [challenge('bearer', { a: 'b, Basic c=d' })]],
  ['BEARER Scope="A"', [challenge('bearer', { scope: 'A' })]],
  ["Bearer scope*=UTF-8''x", [challenge('bearer', { 'scope*': "UTF-8''x" })]],
  [
    'Bearer __proto__=a, constructor=b',
    [
      {
        scheme: 'bearer',
        parameters: [
          ['__proto__', 'a'],
          ['constructor', 'b'],
        ],
      },
    ],
  ],
]

for (const [line, expected] of READ) {
  t.test(`${titleOf(line)} is read`, async (t) => {
    t.same(parsed(line), expected)
    t.same(readByAbnf(line), [expected], 'the ABNF agrees, and leaves no other reading')
  })
}

const MALFORMED = [
  '"Bearer"',
  '=',
  'a=b',
  'Bearer, a=b',
  'Bearer a=b c=d',
  'Bearer a=b, c=',
  'Bearer a=, b=c',
  'Bearer a==b',
  'Bearer a=b=',
  'Bearer =b',
  'Bearer ="b"',
  'Bearer a="b',
  'Bearer a="b\\',
  'Bearer a="b\\"',
  'Bearer a="b"c',
  'Bearer a="b""c"',
  'Bearer a=b;c=d',
  'Bearer a:b',
  'Bearer\ta=b',
  'Bearer \ta=b',
  'Bearer abc, d=e',
  'Bearer abc d=e',
  'Bearer a=read:write',
  'Bearer a=b, ???=',
  'Bearer@ a=b',
  'Bearer/1 a=b',
  'B\xe9arer a=b',
  'Bearer\xa0a=b',
  'Bearer a=\xe9',
  'Bearer a="\0"',
  'Bearer a="\x1f"',
  'Bearer a="\x7f"',
  'Bearer a="\\\x7f"',
  'Bearer a=b\r\nX: y',
  'Bearer a="b\n"',
  'Bearer a="\u0100"',
  'Bearer a=\u201cb\u201d',
]

for (const line of MALFORMED) {
  t.test(`${titleOf(line)} is dropped`, async (t) => {
    t.same(parsed(line), [])
    t.same(readByAbnf(line), [], 'the ABNF agrees')
  })
}

t.test('each line stands or falls by itself', async (t) => {
  t.same(parsed('Basic a="', 'Bearer b=c', 'Bearer d=e f', 'DPoP'), [
    challenge('bearer', { b: 'c' }),
    challenge('dpop'),
  ])
  t.same(
    parsed('Basic realm="x', 'Bearer y"'),
    [],
    'a quoted string does not go on in the next line',
  )
})

t.test(
  'a challenge that repeats a parameter is ignored, the others on the line stand',
  async (t) => {
    const line = 'Bearer a=b, Digest c=d, e=f, C="d", Basic a=b'
    t.same(parsed(line), [challenge('bearer', { a: 'b' }), challenge('basic', { a: 'b' })])
  },
)

t.test('a line of 8192 characters is read, one more is not', async (t) => {
  const line = (length: number) => `Bearer a="${'x'.repeat(length - 11)}"`
  t.equal(line(8192).length, 8192)
  t.equal(parsed(line(8192)).length, 1)
  t.same(parsed(line(8193), 'Basic'), [challenge('basic')], 'the other line stands')
})

t.test('16384 characters in all are read, one more and nothing is', async (t) => {
  const half = `Bearer a="${'x'.repeat(8181)}"`
  t.equal(half.length, 8192)
  t.equal(parsed(half, half).length, 2)
  t.same(parsed(half, half, ','), [])
  t.same(parsed('Bearer', '"'.repeat(16_384)), [], 'a line that is dropped counts')
})

t.test('64 challenges are read, one more and none is', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `S${index} a=b`)
  t.equal(parsed(...lines(64)).length, 64)
  t.same(parsed(...lines(65)), [])
  t.equal(parsed(lines(64).join()).length, 64)
  t.same(parsed(lines(65).join()), [])
  t.same(parsed(...lines(64), 'Bearer a=b, a=c'), [], 'an ignored challenge counts')
})

const BOMBS = [
  ',',
  ', ',
  ' ',
  '\t',
  '"',
  '\\',
  '\\"',
  '"\\',
  'a',
  'a ',
  'a,',
  'a ,',
  'a=',
  'a=,',
  'a=b,',
  '=',
  'a="b",',
  'a="',
  'a=" ",',
  '""',
  ' =',
  'a =',
  '\x80',
  'a b=,',
  'a\t\t',
  'a ,,,,',
  'a \t \t, \t',
] as const

t.test(
  'a line of one piece over and over costs a number of steps in proportion to its length',
  async (t) => {
    const { exec } = RegExp.prototype
    const work = { characters: 0 }
    RegExp.prototype.exec = function (text) {
      const match = exec.call(this, text)
      work.characters += 1 + (match?.[0].length ?? 0)
      return match
    }
    t.teardown(() => {
      RegExp.prototype.exec = exec
    })
    const costs = BOMBS.flatMap((bomb) =>
      ['', 'Bearer ', 'Bearer a="', 'Bearer a=b, '].map((start) => {
        const line = (start + bomb.repeat(8192)).slice(0, 8192)
        work.characters = 0
        parseChallenges([line])
        return { line: start + bomb, perCharacter: work.characters / line.length }
      }),
    )
    t.same(
      costs.filter(({ perCharacter }) => perCharacter < 1 || perCharacter > 16),
      [],
    )
  },
)

t.test('64 KiB of anything is not read at all', async (t) => {
  for (const bomb of BOMBS) t.same(parsed(bomb.repeat(65_536 / bomb.length)), [], bomb)
})
