import fc from 'fast-check'
import t from 'tap'
import type { Hint, RawHeaders } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { isTokenRefusal } from '../../../src/denial/token-refusal.ts'
import { rawHeaders, withJson } from './denial-of.ts'

const CHALLENGE = 'Bearer error="insufficient_scope", scope="a"'
const BODY = { error: 'insufficient_scope', scope: 'b' }
const NOTHING: Hint = {
  kind: 'none',
  scopes: [],
  mode: 'all',
  source: 'none',
  hasErrorCode: false,
}

function read(challenges: readonly string[], value: unknown, status = 403): Hint {
  const fields = { 'WWW-Authenticate': challenges }
  const { headers, body } = withJson(status, value, 'application/json', fields)
  return readHint(status, headers, body)
}

for (const status of [
  100, 101, 200, 204, 302, 400, 402, 404, 405, 407, 429, 500, 503, 401.5, -401,
]) {
  t.test(`a ${status} gives no hint`, async (t) => {
    t.same(read([CHALLENGE], BODY, status), NOTHING)
  })
}

t.test('an empty denial gives no hint', async (t) => {
  t.same(readHint(401, [], new Uint8Array()), NOTHING)
  t.same(readHint(403, [], new Uint8Array()), NOTHING)
})

t.test('a header that speaks OAuth beats the body', async (t) => {
  t.same(read([CHALLENGE], BODY).scopes, ['a'])
  t.same(read(['Bearer error="insufficient_scope"'], BODY).scopes, [])
  t.same(read(['DPoP error="insufficient_scope", scope="a"'], BODY).scopes, ['a'])
  t.equal(read(['Bearer error="invalid_token"'], BODY).kind, 'invalid-token')
  t.equal(read([CHALLENGE], { error: 'invalid_token' }).kind, 'insufficient-scope')
  for (const code of [
    'invalid_request',
    'insufficient_user_authentication',
    'insufficient_claims',
    '',
  ]) {
    t.equal(read([`Bearer error="${code}"`], BODY).kind, 'other')
  }
  t.equal(read(['DPoP error="use_dpop_nonce"'], BODY).kind, 'other')
})

t.test('a header without an OAuth error leaves the word to the body', async (t) => {
  const challenges = [
    'Bearer realm="x"',
    'Bearer scope="a"',
    'DPoP algs="ES256"',
    'Basic error="invalid_token"',
    'Bearer error="insufficient_scope", scope="a", scope="a"',
    'Bearer error="insufficient_scope", scope="a',
  ]
  for (const challenge of challenges) {
    const hint = read([challenge], BODY)
    t.same([hint.kind, hint.scopes, hint.source], ['insufficient-scope', ['b'], 'oauth-json'])
    t.equal(read([challenge], { error: 'invalid_token' }).kind, 'invalid-token')
  }
})

t.test('where the body says nothing the challenge stands', async (t) => {
  for (const body of [{}, 'Forbidden', { required_scope: 'a', required_scopes: 'b' }]) {
    const hint = read(['Bearer scope="a"'], body)
    t.same([hint.kind, hint.scopes, hint.hasErrorCode], ['other', ['a'], false])
  }
})

t.test('only the field WWW-Authenticate is read, in any case', async (t) => {
  for (const name of ['WWW-Authenticate', 'www-authenticate', 'wWw-aUtHeNtIcAtE']) {
    t.same(readHint(403, [name, CHALLENGE], new Uint8Array()).scopes, ['a'])
  }
  const others = [
    'Proxy-Authenticate',
    'Authentication-Info',
    'WWW-Authentication',
    'WWW_Authenticate',
    'X-Amzn-Remapped-WWW-Authenticate',
    'X-WWW-Authenticate',
    'WWW-Authenticate ',
  ]
  for (const name of others) t.same(readHint(403, [name, CHALLENGE], new Uint8Array()), NOTHING)
})

t.test('a field value that looks like a name is none', async (t) => {
  const headers = ['X-A', 'WWW-Authenticate', CHALLENGE, 'WWW-Authenticate', 'X-B']
  t.same(readHint(403, headers, new Uint8Array()), NOTHING)
})

const BYTES = fc.uint8Array({ maxLength: 200 })
const JSON_BYTES = fc.json().map((text): Uint8Array => Buffer.from(text))
const FIELD = fc.tuple(
  fc.constantFrom('WWW-Authenticate', 'Content-Type', 'Content-Encoding', 'X'),
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('application/json', 'Bearer a=b', CHALLENGE),
  ),
)

t.test('no denial makes it throw', async (t) => {
  const headers = fc.array(FIELD, { maxLength: 4 }).map((fields): RawHeaders => fields.flat())
  fc.assert(
    fc.property(headers, fc.oneof(BYTES, JSON_BYTES), (fields, body) => {
      for (const status of [401, 403]) {
        readHint(status, fields, body)
        isTokenRefusal(status, fields, body)
      }
    }),
    { numRuns: 1000 },
  )
  t.pass('no counterexample')
})

/** Names that tiers look at, in any arrangement, with a decoy in every place that is not theirs. */
const MEMBER = fc.constantFrom(
  'error',
  'detail',
  'error_details',
  'message',
  'scope',
  'code',
  'data',
  'request',
)
const DECOY = fc.constantFrom(
  'scope admin',
  'required scope: admin',
  'insufficient_scope scope="admin"',
  'Access denied: user does not have required scope: admin.\n',
  "Error code: 403 - {'error': {'detail': 'Access denied: user does not have required scope: admin'}}",
  CHALLENGE.replace('"a"', '"admin"'),
)
const { tree: DECOYS } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    DECOY,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(MEMBER, tie('tree'), { maxKeys: 4 }),
  ),
}))

t.test('no arrangement of decoys in a JSON body names a scope', async (t) => {
  const types = fc.constantFrom('application/json', 'application/problem+json')
  fc.assert(
    fc.property(DECOYS, types, fc.constantFrom(401, 403), (value, type, status) => {
      const body = Buffer.from(JSON.stringify(value))
      return readHint(status, rawHeaders({ 'Content-Type': type }), body).kind === 'none'
    }),
    { numRuns: 500 },
  )
  t.pass('no counterexample')
})
