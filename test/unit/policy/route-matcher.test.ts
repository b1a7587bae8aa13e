import fc from 'fast-check'
import t from 'tap'
import type { MatchableRoute } from '../../../src/policy/route-matcher.ts'
import { createRouteMatcher } from '../../../src/policy/route-matcher.ts'

function matcherOf(...routes: readonly string[]) {
  const parsed = routes.map((text) => {
    const [path = '', ...methods] = text.split(' ').reverse()
    return { methods: methods.length === 0 ? undefined : methods, path, text }
  })
  const matcher = createRouteMatcher(parsed)
  return (method: string, path: string) => matcher.match(method, path)?.text
}

t.test('a literal path matches itself only', (t) => {
  const match = matcherOf('/', '/v1/files')
  t.equal(match('GET', '/'), '/')
  t.equal(match('GET', '/v1/files'), '/v1/files')
  for (const path of ['/v1', '/v1/files/a', '/v1/filesystem', '/v1//files', '/V1/files']) {
    t.equal(match('GET', path), undefined, path)
  }
  t.end()
})

t.test('a :name stands for one segment that is not empty', (t) => {
  const match = matcherOf('/v1/agents/:agent_id/session')
  t.equal(match('POST', '/v1/agents/a1/session'), '/v1/agents/:agent_id/session')
  for (const path of [
    '/v1/agents//session',
    '/v1/agents/session',
    '/v1/agents/a/b/session',
    '/v1/agents/a',
  ]) {
    t.equal(match('POST', path), undefined, path)
  }
  t.end()
})

t.test('a final star stands for any rest, an empty one too', (t) => {
  const match = matcherOf('/v1/files/*')
  for (const path of ['/v1/files', '/v1/files/a', '/v1/files/a/b', '/v1/files//a']) {
    t.equal(match('GET', path), '/v1/files/*', path)
  }
  t.equal(match('GET', '/v1/filesystem'), undefined)
  t.equal(matcherOf('/*')('GET', '/'), '/*')
  t.equal(matcherOf('/*')('GET', '/a/b'), '/*')
  t.end()
})

t.test('the first match wins, whatever kind it is', (t) => {
  t.equal(matcherOf('/a/:x', '/a/b')('GET', '/a/b'), '/a/:x')
  t.equal(matcherOf('/a/b', '/a/:x')('GET', '/a/b'), '/a/b')
  t.equal(matcherOf('/a/*', '/a/b')('GET', '/a/b'), '/a/*')
  t.equal(matcherOf('/:x/b', '/a/*', '/a/b')('GET', '/a/b'), '/:x/b')
  t.end()
})

t.test('a method that does not fit leaves the way to later routes', (t) => {
  const match = matcherOf('POST /a/b', 'GET PUT /a/:x', '/a/*')
  t.equal(match('POST', '/a/b'), 'POST /a/b')
  t.equal(match('PUT', '/a/b'), 'GET PUT /a/:x')
  t.equal(match('DELETE', '/a/b'), '/a/*')
  t.equal(match('get', '/a/b'), '/a/*')
  t.end()
})

t.test('names of properties are segments like any other', (t) => {
  const match = matcherOf('/a/:x/c')
  t.equal(match('GET', '/a/__proto__/c'), '/a/:x/c')
  t.equal(match('GET', '/constructor'), undefined)
  t.end()
})

/** Every route in turn, segment by segment. */
function naive<R extends MatchableRoute>(routes: readonly R[], method: string, path: string) {
  const segments = path === '/' ? [] : path.slice(1).split('/')
  return routes.find((route) => {
    if (route.methods !== undefined && !route.methods.includes(method)) return false
    const wanted = route.path === '/' ? [] : route.path.slice(1).split('/')
    const hasRest = wanted.at(-1) === '*'
    const fixed = hasRest ? wanted.slice(0, -1) : wanted
    if (hasRest ? segments.length < fixed.length : segments.length !== fixed.length) return false
    return fixed.every((text, at) =>
      text.startsWith(':') ? segments[at] !== '' : segments[at] === text,
    )
  })
}

const segment = fc.constantFrom('a', 'b', 'c', ':x')
const path = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, hasRest]) => `/${[...segments, ...(hasRest ? ['*'] : [])].join('/')}`)
const method = fc.constantFrom('GET', 'POST', 'PUT')
const route = fc.record({
  path,
  methods: fc.option(fc.uniqueArray(method, { minLength: 1 }), { nil: undefined }),
})
const asked = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 5 })
  .map((segments) => `/${segments.join('/')}`.replace(/\/+$/, '') || '/')

t.test('it finds what trying every route in turn finds', (t) => {
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 30 }),
      fc.array(fc.tuple(method, asked)),
      (routes, requests) => {
        const matcher = createRouteMatcher(routes)
        return requests.every(
          ([method, path]) => matcher.match(method, path) === naive(routes, method, path),
        )
      },
    ),
    { numRuns: 1000 },
  )
  t.end()
})
