import fc from 'fast-check'
import t from 'tap'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'

const SAFE = [
  ['/', '/'],
  ['/?a=b', '/'],
  ['/v1/files', '/v1/files'],
  ['/v1/files/', '/v1/files'],
  ['/v1/files///', '/v1/files'],
  ['/v1/files?after=x', '/v1/files'],
  ['/v1/files/?after=/../x', '/v1/files'],
  ['/v1/files?a=\\b', '/v1/files'],
  ['/v1/%66iles', '/v1/files'],
  ['/v1/files%2F', '/v1/files'],
  ['/v1/models/stub%2Ftiny', '/v1/models/stub/tiny'],
  ['/v1/models/stub%2ftiny', '/v1/models/stub/tiny'],
  ['/v1/caf%C3%A9', '/v1/café'],
  ['/v1/%F0%9F%98%80', '/v1/😀'],
  ['/v1//files', '/v1//files'],
  ['/v1/%2Ffiles', '/v1//files'],
  ['/v1/a%3Fb', '/v1/a?b'],
  ['/v1/a%23b', '/v1/a#b'],
  ['/v1/a%20b', '/v1/a b'],
  ['/v1/a%2525', '/v1/a%25'],
  ['/v1/%252e%252e/x', '/v1/%2e%2e/x'],
  ['/v1/a;b=c', '/v1/a;b=c'],
  ['/v1/.well-known', '/v1/.well-known'],
  ['/v1/...', '/v1/...'],
  ['/v1/a..', '/v1/a..'],
  ['/v1/a.b', '/v1/a.b'],
  ['/v1/models:list', '/v1/models:list'],
  ['/v1/[a]{b}|c^d`e"f<g>', '/v1/[a]{b}|c^d`e"f<g>'],
] as const

const UNSAFE = [
  '',
  'v1',
  '*',
  '//evil',
  '//',
  '/%2Fevil',
  '/%2f',
  'http://evil/v1',
  'evil:443',
  '?a',
  '/.',
  '/..',
  '/a/.',
  '/a/..',
  '/a/./b',
  '/a/../b',
  '/a/../',
  '/./?x',
  '/a/%2e%2e/b',
  '/a/.%2E/b',
  '/a/%2e',
  '/a/..%2f..%2fadmin',
  '/a%2F..%2Fb',
  '/a/..;/b',
  '/a/.;x=1/b',
  '/a/%2e%2e%3bx/b',
  '/a\\b',
  '/a/..\\b',
  '/a%5cb',
  '/a%5C..%5Cb',
  '/a%00b',
  '/a\0b',
  '/a%0ab',
  '/a%7fb',
  '/a\x7fb',
  '/a%C2%85b',
  '/a\tb',
  '/a b',
  '/a#b',
  '/a?b#c',
  '/a?b\0',
  '/a?b c',
  '/a?é',
  '/é',
  '/caf\xe9',
  '/a%',
  '/a%4',
  '/a%zz',
  '/a%C3',
  '/a%C0%AF',
  '/a%C0%AE%C0%AE/b',
  '/a%ED%A0%80',
  '/a%FF',
]

t.test('a target that can be matched safely has one canonical path', (t) => {
  for (const [target, path] of SAFE) t.equal(canonicalPath(target), path, target)
  t.end()
})

t.test('a target that some upstream would read as another path has none', (t) => {
  for (const target of UNSAFE) {
    // JSON leaves the last control character as it is, which no terminal should get.
    const title = JSON.stringify(target).replace('\x7f', '\\u007f')
    t.equal(canonicalPath(target), undefined, title)
  }
  t.end()
})

const targets = fc
  .array(
    fc.constantFrom(
      ...[
        '/',
        '/',
        '.',
        '..',
        '%2e',
        '%2F',
        '%5c',
        '\\',
        'a',
        'B',
        '%61',
        '%',
        '%C3%A9',
        '?',
        ';',
        ':',
        '@',
        '//',
        '%25',
        '#',
      ],
      ...['%00', '~', '%E2%82', 'x.y', '*', '\t'],
    ),
    { maxLength: 8 },
  )
  .map((pieces) => `/${pieces.join('')}`)

t.test('a URL parser that resolves dot segments reads the very same path', (t) => {
  fc.assert(
    fc.property(targets, (target) => {
      const path = canonicalPath(target)
      if (path === undefined) return true
      const url = new URL(`http://upstream.invalid${target}`)
      const forwarded = decodeURIComponent(url.pathname).replace(/\/+$/, '')
      return path === (forwarded === '' ? '/' : forwarded)
    }),
    { numRuns: 5000 },
  )
  t.end()
})

t.test('a canonical path that is written as a target again stays as it is', (t) => {
  fc.assert(
    fc.property(targets, (target) => {
      const path = canonicalPath(target)
      if (path === undefined) return true
      return canonicalPath(path.split('/').map(encodeURIComponent).join('/')) === path
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('the fast way agrees with the slow one', (t) => {
  fc.assert(
    fc.property(targets, (target) => {
      // An escape of an ordinary character changes nothing but the way that is taken.
      const escaped = target.replace('a', '%61')
      return canonicalPath(escaped) === canonicalPath(target)
    }),
    { numRuns: 2000 },
  )
  t.end()
})
