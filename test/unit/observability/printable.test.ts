import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { maskTokens, toPrintable } from '../../../src/observability/printable.ts'

t.test('ordinary text passes unchanged', async (t) => {
  for (const text of ['', 'llama:inference', '/v1/café/🦙', 'a b']) {
    t.equal(toPrintable(text, 100), text)
  }
})

t.test('controls, line separators and direction marks are replaced', async (t) => {
  t.equal(
    toPrintable('a\r\nb\u0000\u001b\u2028\u202ec', 100),
    'a\ufffd\ufffdb\ufffd\ufffd\ufffd\ufffdc',
  )
})

t.test('a text is cut at its bound, and half a pair does not stay', async (t) => {
  t.equal(toPrintable('abcdef', 3), 'abc…')
  t.equal(toPrintable('ab🦙', 3), 'ab\ufffd…')
})

t.test('any text comes out bounded and well-formed', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(50), (text, maxLength) => {
      const printable = toPrintable(text, maxLength)
      return printable.length <= maxLength + 1 && !/[\p{Cc}\p{Cs}]/u.test(printable)
    }),
  )
})

t.test('a token is masked in any surroundings', async (t) => {
  const word = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/)
  fc.assert(
    fc.property(word, word, word, fc.string(), (header, payload, signature, before) => {
      const token = `eyJ${header}.${payload}.${signature}`
      return !maskTokens(`${before} ${token}`).includes(payload)
    }),
  )
  t.equal(maskTokens('"eyJhbGciOiJ.eyJzdWIi.sig"'), '"[token]"')
  t.equal(maskTokens('file.tar.gz heyJude.example.com'), 'file.tar.gz heyJude.example.com')
})

t.test(
  'a token is masked behind other letters too, even where its signature is cut off',
  async (t) => {
    t.equal(maskTokens('/v1/xeyJhbGciOiJ.eyJzdWIiOiJhIn0'), '/v1/x[token]')
    t.equal(maskTokens('key-eyJhbGciOiJ.eyJzdWIiOiJhIn0.sig'), 'key-[token]')
  },
)

// What counts as a token, said plainly; it takes quadratic time where nothing follows.
const PLAIN = /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*/g

t.test('what is masked is what looks like a token, and nothing beside it', async () => {
  const piece = fc.constantFrom(...'eyJ.-_a ', 'eyJ', 'aaaaaaa', 'eyJaaaaaaaa', 'eyJaaaaaaaa.a')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      assert.equal(maskTokens(text), text.replace(PLAIN, '[token]'))
    }),
    { numRuns: 5_000 },
  )
})

t.test('beginnings of tokens that never go on are read once', async (t) => {
  for (const beginning of ['eyJ', 'eyJ-', 'aeyJeyJ']) {
    const text = beginning.repeat(300_000)
    t.ok(maskTokens(text) === text)
    t.ok(maskTokens(`${text}..a`) === `${text}..a`)
    const after = `${text} eyJaaaaaaaa.a`
    t.ok(maskTokens(after) === `${text} [token]`)
  }
})
