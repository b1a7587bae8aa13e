import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { privateCacheControl } from '../../../src/relay/private-cache-control.ts'

t.test('directives that open an answer to a shared cache give way to private', async (t) => {
  const table: [value: string | undefined, kept: string][] = [
    [undefined, 'private'],
    ['', 'private'],
    [' , ,', 'private'],
    ['public', 'private'],
    ['PUBLIC , max-age=60', 'private, max-age=60'],
    ['s-maxage=60, Max-Age=5', 'private, Max-Age=5'],
    ['s-maxage = 60', 'private'],
    ['must-revalidate, proxy-revalidate', 'private'],
    ['no-cache', 'private, no-cache'],
    ['no-store', 'no-store'],
    ['public, No-Store', 'No-Store'],
    ['private, max-age=5', 'private, max-age=5'],
    ['max-age=5, Private', 'max-age=5, Private'],
    ['private="set-cookie", public', 'private'],
    ['private="a, no-store"', 'private'],
    ['x="a, private, b"', 'private, x="a, private, b"'],
    ['x="a\\", private", y', 'private, x="a\\", private", y'],
    ['no-cache="a,b", public', 'private, no-cache="a,b"'],
    ['x="open, public', 'private, x="open, public'],
    ['max-age=1, x="open\\', 'private, max-age=1'],
    ['public=1', 'private'],
    ['publicity', 'private, publicity'],
  ]
  for (const [value, kept] of table) t.equal(privateCacheControl(value), kept, String(value))
})

t.test('whatever an upstream says, a shared cache is told to keep nothing', async (t) => {
  const piece = fc.constantFrom(
    ...['public', 'private', 'no-store', 's-maxage=1', 'must-revalidate', 'max-age=1', 'x="'],
    ...['"', '\\', ',', ', ', '=', ' ', 'private="a"'],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const value = privateCacheControl(pieces.join(''))
      // Read as a cache may that knows nothing of quotes: our own word comes first, or was there unquoted.
      const words = value.split(',').map((word) => word.trim().toLowerCase())
      assert.ok(words.includes('private') || words.includes('no-store'), value)
    }),
    { numRuns: 2_000 },
  )
  t.pass('no counterexample')
})
