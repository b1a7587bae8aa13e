import fc from 'fast-check'
import t from 'tap'
import { createScopeRules } from '../../../src/policy/scope-rules.ts'

function rulesOf(allowed: string, denied = '*:admin *:admin:*', isDeniedDefault = true) {
  const list = (text: string) => text.split(' ').filter((word) => word !== '')
  return createScopeRules({ allowed: list(allowed), denied: list(denied), isDeniedDefault })
}

t.test('a star stands for any characters, also none', (t) => {
  const rules = rulesOf('llama:* mcp:*:read x*y*z', '')
  for (const scope of [
    'llama:',
    'llama:a',
    'llama:a:b',
    'mcp::read',
    'mcp:a:b:read',
    'xyz',
    'xaybz',
    'xyyzz',
  ]) {
    t.equal(rules.isAllowed(scope), true, scope)
  }
  for (const scope of [
    '',
    'llama',
    'Llama:a',
    'xllama:a',
    'mcp:read',
    'mcp:a:read2',
    'xz',
    'xzy',
    'yxz',
  ]) {
    t.equal(rules.isAllowed(scope), false, scope)
  }
  t.end()
})

t.test('what stands before and behind a star never shares characters', (t) => {
  const rules = rulesOf('aba*aba a*b*b', '')
  t.equal(rules.isAllowed('aba'), false)
  t.equal(rules.isAllowed('ababa'), false)
  t.equal(rules.isAllowed('abaaba'), true)
  t.equal(rules.isAllowed('ab'), false)
  t.equal(rules.isAllowed('abb'), true)
  t.end()
})

t.test('every other character of a pattern is literal', (t) => {
  const rules = rulesOf('a.b a+ (x|y) [z] ^q$', '')
  for (const scope of ['a.b', 'a+', '(x|y)', '[z]', '^q$']) t.equal(rules.isAllowed(scope), true)
  for (const scope of ['axb', 'aa', 'x', 'z', 'q']) t.equal(rules.isAllowed(scope), false)
  t.end()
})

t.test('a deny wins over an allow', (t) => {
  const rules = rulesOf('llama:* llama:write', '*:write', false)
  t.equal(rules.isAllowed('llama:write'), false)
  t.equal(rules.isDenied('llama:write'), true)
  t.equal(rules.isAllowed('llama:read'), true)
  t.end()
})

t.test('the default deny yields to a scope that is named literally', (t) => {
  const rules = rulesOf('llama:* llama:admin')
  t.equal(rules.isAllowed('llama:admin'), true)
  t.equal(rules.isDenied('llama:admin'), false)
  t.equal(rules.isDenied('llama:admin:all'), true)
  t.equal(rules.isDenied('mcp:admin'), true)
  t.end()
})

t.test('a deny that the operator has set does not yield', (t) => {
  const rules = rulesOf('llama:admin', '*:admin', false)
  t.equal(rules.isAllowed('llama:admin'), false)
  t.end()
})

t.test('a pattern that looks like the scope does not name it literally', (t) => {
  const rules = rulesOf('x:*:admin * offline_acces*')
  t.equal(rules.isDenied('x:*:admin'), true)
  t.equal(rules.isDenied('offline_access'), true)
  t.end()
})

t.test('offline_access is denied unless it is named literally', (t) => {
  t.equal(rulesOf('*', '', false).isAllowed('offline_access'), false)
  t.equal(rulesOf('*', '', false).isDenied('offline_access'), true)
  t.equal(rulesOf('offline_access').isAllowed('offline_access'), true)
  t.equal(rulesOf('offline_access', 'off*', false).isAllowed('offline_access'), false)
  t.end()
})

t.test('a star in a scope token is a character like any other', (t) => {
  const rules = rulesOf('llama:read llama:a*b', '')
  t.equal(rules.isAllowed('llama:*'), false)
  t.equal(rules.isAllowed('*'), false)
  t.equal(rules.isAllowed('llama:a*b'), true)
  t.equal(rulesOf('*', 'x:y', false).isDenied('x:*'), false)
  t.end()
})

t.test('merely not allowed is not denied', (t) => {
  const rules = rulesOf('llama:*')
  t.equal(rules.isAllowed('openid'), false)
  t.equal(rules.isDenied('openid'), false)
  t.end()
})

/** The obvious recursion: exponential, and right. */
function naive(pattern: string, scope: string): boolean {
  if (pattern === '') return scope === ''
  if (pattern.startsWith('*')) {
    return naive(pattern.slice(1), scope) || (scope !== '' && naive(pattern, scope.slice(1)))
  }
  return scope.startsWith(pattern.slice(0, 1)) && naive(pattern.slice(1), scope.slice(1))
}

t.test('patterns match as the obvious recursion does', (t) => {
  const words = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 9 })
  fc.assert(
    fc.property(words('ab*'), words('ab'), (pattern, scope) => {
      const rules = createScopeRules({ allowed: [pattern], denied: [], isDeniedDefault: false })
      return rules.isAllowed(scope) === naive(pattern, scope)
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('many stars against a long scope end at once', (t) => {
  const rules = createScopeRules({
    allowed: [`${'a*'.repeat(100)}b`],
    denied: [],
    isDeniedDefault: false,
  })
  t.equal(rules.isAllowed('a'.repeat(10_000)), false)
  t.end()
})
