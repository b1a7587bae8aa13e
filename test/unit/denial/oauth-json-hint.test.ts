import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { withJson } from './denial-of.ts'

function read(status: number, value: unknown): Hint {
  const { headers, body } = withJson(status, value)
  return readHint(status, headers, body)
}

const SCOPES: readonly (readonly [
  members: Readonly<Record<string, unknown>>,
  scopes: readonly string[],
])[] = [
  [{ scope: 'b a b' }, ['a', 'b']],
  [
    { scope: 'a', error_description: 'needs admin', error_uri: 'https://x.example/?scope=admin' },
    ['a'],
  ],
  [{}, []],
  [{ scope: '' }, []],
  [{ scope: 'a "b"' }, []],
  [{ scope: 'a\tb' }, []],
  [{ scope: ['a'] }, []],
  [{ scope: { a: true } }, []],
  [{ scope: null }, []],
  [{ scope: 1 }, []],
  [{ scopes: 'a', Scope: 'a', required: ['a'] }, []],
  [{ error_description: 'Required scope: a' }, []],
  [{ scope: 'b a', required_scopes: ['a', 'b'] }, ['a', 'b']],
  // What another field contradicts is not named; the code still stands.
  [{ scope: 'read', required_scope: 'admin' }, []],
  [{ scope: 'read', required_scopes: [] }, []],
  [{ scope: 'read', detail: { required_scopes: 7 } }, []],
  [{ required_scope: 'admin' }, []],
]

for (const [members, scopes] of SCOPES) {
  for (const status of [401, 403]) {
    t.test(`${status} insufficient_scope with ${JSON.stringify(members)}`, async (t) => {
      t.same(read(status, { error: 'insufficient_scope', ...members }), {
        kind: 'insufficient-scope',
        scopes,
        mode: 'all',
        source: 'oauth-json',
        hasErrorCode: false,
      })
    })
  }
}

t.test('invalid_token names no scope, whatever stands beside it', async (t) => {
  for (const beside of [{}, { scope: 'admin' }, { required_scope: 'admin' }]) {
    t.same(read(401, { error: 'invalid_token', ...beside }), {
      kind: 'invalid-token',
      scopes: [],
      mode: 'all',
      source: 'oauth-json',
      hasErrorCode: false,
    })
  }
})

const UNREAD: readonly unknown[] = [
  { error: 'Insufficient_Scope', scope: 'admin' },
  { error: 'insufficient_scope ', scope: 'admin' },
  { error: 'insufficient-scope', scope: 'admin' },
  { error: 'access_denied', scope: 'admin' },
  { error: ['insufficient_scope'], scope: 'admin' },
  { error: { error: 'insufficient_scope', scope: 'admin' } },
  { error: { code: 'insufficient_scope', scope: 'admin' } },
  { detail: { error: 'insufficient_scope', scope: 'admin' } },
  { code: 'insufficient_scope', scope: 'admin' },
  { Error: 'insufficient_scope', scope: 'admin' },
  { errors: [{ error: 'insufficient_scope', scope: 'admin' }] },
  { request: { error: 'insufficient_scope', scope: 'admin' } },
  { body: '{"error":"insufficient_scope","scope":"admin"}' },
  '{"__proto__":{"error":"insufficient_scope","scope":"admin"}}',
  '{"constructor":{"prototype":{"error":"insufficient_scope","scope":"admin"}}}',
  { error_description: 'insufficient_scope', scope: 'admin' },
  {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32_001, message: 'insufficient_scope', data: { scope: 'admin' } },
  },
]

for (const value of UNREAD) {
  t.test(`${JSON.stringify(value)} is no OAuth error`, async (t) => {
    t.equal(read(403, value).kind, 'none')
  })
}
