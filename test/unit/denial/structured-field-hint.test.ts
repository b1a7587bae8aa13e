import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { withJson } from './denial-of.ts'

function read(status: number, value: unknown, contentType = 'application/json'): Hint {
  const { headers, body } = withJson(status, value, contentType)
  return readHint(status, headers, body)
}

const HUNDRED = Array.from({ length: 100 }, (_, index) => `s${100 + index}`)

const READ: readonly (readonly [value: unknown, scopes: readonly string[]])[] = [
  [{ required_scope: 'a' }, ['a']],
  [{ required_scope: ' b  a b' }, ['a', 'b']],
  [{ required_scopes: 'b a' }, ['a', 'b']],
  [{ required_scopes: ['b', 'a', 'b'] }, ['a', 'b']],
  [{ required_scopes: ['a,b'] }, ['a,b']],
  [{ required_scopes: HUNDRED }, HUNDRED],
  [{ error: { required_scope: 'a' } }, ['a']],
  [{ detail: { required_scopes: ['a'] } }, ['a']],
  [{ error_details: { required_scopes: 'a' } }, ['a']],
  [{ error: 'forbidden', scope: 'read', required_scope: 'write' }, ['write']],
  [
    { error: { code: 'insufficient_scope', scope: 'x', message: 'needs y', required_scope: 'a' } },
    ['a'],
  ],
  [{ required_scope: 'a', required_scopes: null }, ['a']],
  [
    { required_scopes: ['b', 'a'], required_scope: 'a b', error: { required_scopes: 'a b a' } },
    ['a', 'b'],
  ],
  [{ detail: 'needs a', error_details: { required_scope: 'a' } }, ['a']],
  [{ request: { required_scope: 'admin' }, required_scope: 'a' }, ['a']],
  // The field says that a scope is missing; which one cannot be said.
  [{ required_scope: 'a "b"' }, []],
  [{ required_scopes: ['a', 'caf\u00e9'] }, []],
  [{ required_scopes: ['a b'] }, []],
  [{ required_scopes: ['a', ''] }, []],
  [{ required_scopes: ['a\n'] }, []],
  [{ required_scopes: ['x'.repeat(257)] }, []],
  [{ required_scopes: [...HUNDRED, 'x'] }, []],
]

for (const [value, scopes] of READ) {
  t.test(`${JSON.stringify(value).slice(0, 90)} names ${scopes.length} scopes`, async (t) => {
    const expected = {
      kind: 'insufficient-scope',
      scopes,
      mode: 'all',
      source: 'structured-field',
      hasErrorCode: false,
    }
    t.same(read(401, value), expected)
    t.same(read(403, value), expected)
    t.same(read(403, value, 'application/problem+json'), expected)
    t.same(read(403, value, 'Application/Problem+JSON; charset=utf-8'), expected)
  })
}

const UNREAD: readonly unknown[] = [
  {},
  { required_scope: null },
  { required_scope: '' },
  { required_scope: '  ' },
  { required_scope: 7 },
  { required_scope: ['a'] },
  { required_scope: { a: 'a' } },
  { required_scopes: [] },
  { required_scopes: {} },
  { required_scopes: { 0: 'a', length: 1 } },
  { required_scopes: true },
  { required_scopes: ['a', 1] },
  { required_scopes: ['a', null] },
  { required_scopes: [['a']] },
  { required_scope: 'a', required_scopes: [] },
  { required_scope: 'a', required_scopes: ['a', 1] },
  { required_scope: 'a', required_scopes: ['b'] },
  { required_scope: 'a', required_scopes: ['a', 'b'] },
  { required_scope: 'a', error: { required_scope: 'b' } },
  { error: { required_scope: 'a' }, detail: { required_scope: 'b' } },
  { detail: { required_scope: 'a' }, error_details: { required_scope: '' } },
  { required_scope: 'a', error: { required_scope: 'a b"' } },
  { error: { detail: { required_scope: 'admin' } } },
  { error: { data: { required_scopes: ['admin'] } } },
  { error: [{ required_scope: 'admin' }] },
  { detail: [{ required_scope: 'admin' }] },
  { details: { required_scope: 'admin' } },
  { errors: [{ required_scopes: ['admin'] }] },
  { data: { required_scopes: ['admin'] } },
  { request: { required_scopes: ['admin'] } },
  { Required_Scope: 'admin', requiredScopes: ['admin'], 'required-scope': 'admin' },
  { granted_scopes: ['admin'], scopes: ['admin'], scope: 'admin' },
  '{"__proto__":{"required_scope":"admin"}}',
  '{"error":{"__proto__":{"required_scope":"admin"}}}',
  { error: '{"required_scope":"admin"}' },
]

for (const value of UNREAD) {
  t.test(`${JSON.stringify(value)} names nothing`, async (t) => {
    t.equal(read(401, value).kind, 'none')
    t.equal(read(403, value).kind, 'none')
    t.equal(read(403, value, 'application/problem+json').kind, 'none')
  })
}

t.test('a problem speaks by its structured fields alone', async (t) => {
  const sentence = 'Access denied: user does not have required scope: admin'
  const bodies = [
    { error: 'insufficient_scope', scope: 'admin' },
    { error: 'invalid_token' },
    { error: { message: sentence } },
    { type: 'insufficient_scope', title: 'insufficient_scope', detail: sentence },
  ]
  for (const body of bodies) t.equal(read(403, body, 'application/problem+json').kind, 'none')
  t.same(
    read(403, { error: 'invalid_token', required_scope: 'a' }, 'application/problem+json').scopes,
    ['a'],
  )
})
