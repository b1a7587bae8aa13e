import fc from 'fast-check'
import t from 'tap'
import { matchPath, parsePathPattern } from '../../../../src/policy/llama-stack/path-pattern.ts'

const match = (pattern: string, path: string) => matchPath(parsePathPattern(pattern), path)

t.test('a star alone, a prefix and an exact path match as in OGX', (t) => {
  t.equal(match('*', '/anything'), 'yes')
  t.equal(match('/v1/files*', '/v1/files'), 'yes')
  t.equal(match('/v1/files*', '/v1/filesystem'), 'yes')
  t.equal(match('/v1/files/*', '/v1/files'), 'no')
  t.equal(match('/v1/*/x*', '/v1/a/x'), 'no')
  t.equal(match('/v1/files', '/v1/files'), 'yes')
  t.equal(match('/v1/files', '/v1/files/a'), 'no')
  t.equal(match('/v1/files/', '/v1/files'), 'no')
  t.end()
})

/** Measured with Python 3.13: `bool(re.match(pattern, path))`. */
const MATCHES: readonly (readonly [string, string, 'yes' | 'no'])[] = [
  ['', '/', 'yes'],
  ['/v1/(chat|inference)/.*', '/v1/chat/completions', 'yes'],
  ['/v1/(chat|inference)/.*', '/v1/chats/completions', 'no'],
  ['/v1', '/v1/anything', 'yes'],
  ['v1', '/v1', 'no'],
  ['/v1$', '/v1', 'yes'],
  ['/v1$', '/v1/a', 'no'],
  ['/v1\\Z', '/v1', 'yes'],
  ['^/v[12]', '/v2/a', 'yes'],
  ['/[^/]+/[^/]+$', '/v1/files', 'yes'],
  ['/[^/]+/[^/]+$', '/v1/files/a', 'no'],
  ['/[]a]', '/]', 'yes'],
  ['/[a-c-]', '/-', 'yes'],
  ['/\\d{2,3}$', '/12', 'yes'],
  ['/\\d{2,3}$', '/1', 'no'],
  ['/a{,2}$', '/aa', 'yes'],
  ['/a{,2}$', '/aaa', 'no'],
  ['/a{x}', '/a{x}', 'yes'],
  ['/a{}', '/a{}', 'yes'],
  ['/a\\b/', '/a/', 'yes'],
  ['/a\\Bb', '/ab', 'yes'],
  ['/(a*)*$', '/aaa', 'yes'],
  ['/(?:a|)+b', '/b', 'yes'],
  ['/a+?$', '/aa', 'yes'],
  ['/a|/b', '/b', 'yes'],
  ['/.', '/\u2028', 'yes'],
  ['/.', '/\n', 'no'],
  ['/.$', '/😀', 'yes'],
  ['/[é-ë]', '/ê', 'yes'],
  ['/\\w', '/-', 'no'],
  ['/\\W\\S\\s?\\D', '/-a-', 'yes'],
  ['/a$', '/a\n', 'yes'],
  ['/a\\Z', '/a\n', 'no'],
]

t.test('a regular expression matches what Python matches', (t) => {
  for (const [source, path, truth] of MATCHES) {
    t.equal(match(`regex:${source}`, path), truth, `${source} ${encodeURIComponent(path)}`)
  }
  t.end()
})

t.test('an expression that Python refuses is skipped', (t) => {
  const refused = [
    '(',
    ')',
    '[',
    '[a',
    '[z-a]',
    '[\\d-z]',
    '*a',
    'a**',
    'a{2}{3}',
    '^*',
    'a{3,2}',
    '\\',
    'a|*',
  ]
  for (const source of refused) {
    t.equal(parsePathPattern(`regex:${source}`).kind, 'never', source)
  }
  t.end()
})

t.test('what is not regular, or not the same everywhere, stays unknown', (t) => {
  const foreign = [
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?i)a',
    '(?i:a)',
    '(?P<n>a)',
    '(?>a)',
    'a*+',
    'a++',
    'a?+',
    '(a)\\1',
    '\\x2f',
    '\\0',
    '[--a]',
    '[a&&b]',
    '[\\b]',
    '\\p',
    'a{600}',
    '(a{30}){30}',
    '('.repeat(40) + ')'.repeat(40),
    'a'.repeat(1001),
  ]
  for (const source of foreign) {
    t.equal(parsePathPattern(`regex:${source}`).kind, 'unknown', source.slice(0, 40))
  }
  t.end()
})

t.test('an unknown expression reaches only what begins like it', (t) => {
  t.equal(match('regex:/v1/files(?!/secret)', '/v1/files/a'), 'maybe')
  t.equal(match('regex:/v1/files(?!/secret)', '/v1/models'), 'no')
  t.equal(match('regex:/v1/files?(?!x)', '/v1/file'), 'maybe')
  t.equal(match('regex:/v1/a|(?!x)', '/v2'), 'maybe')
  t.end()
})

t.test('a class of characters says nothing of characters beyond ASCII', (t) => {
  t.equal(match('regex:/\\w+', '/café'), 'maybe')
  t.equal(match('regex:/[a-zé]+$', '/café'), 'yes')
  t.end()
})

t.test('a path of more than 2 KiB is given to no expression', (t) => {
  t.equal(match('regex:/a*', `/${'a'.repeat(2048)}`), 'maybe')
  t.equal(match('regex:/a*', `/${'a'.repeat(2047)}`), 'yes')
  t.equal(match('/a*', `/${'a'.repeat(4096)}`), 'yes')
  t.end()
})

t.test('expressions that make a backtracking engine hang end at once', (t) => {
  const path = `/${'a'.repeat(2000)}!`
  for (const source of ['/(a+)+$', '/(a|a)*$', '/(a*)*b', '/(.*)(.*)(.*)(.*)(.*)x$']) {
    t.equal(match(`regex:${source}`, path), 'no', source)
  }
  t.end()
})

const pieces = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '(?:a|b)',
  '(a)',
  '(ab|)',
  '^',
  '$',
  '|',
  '\\d',
  '\\w',
  '\\b',
)
const quantified = fc
  .tuple(pieces, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '*?'))
  .map(([piece, quantifier]) => (/^[\^$|\\]b?$|^\\b$/.test(piece) ? piece : piece + quantifier))

t.test('expressions that both languages read alike match as in JavaScript', (t) => {
  const expressions = fc.array(quantified, { maxLength: 6 }).map((list) => list.join(''))
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(expressions, texts, (source, text) => {
      const expected = new RegExp(`^(?:${source})`).test(text)
      return match(`regex:${source}`, text) === (expected ? 'yes' : 'no')
    }),
    { numRuns: 5000 },
  )
  t.end()
})
