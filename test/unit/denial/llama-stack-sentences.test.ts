import type { Test } from 'tap'
import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { titleOf, withJson } from './denial-of.ts'

const SCOPE = 'Access denied: user does not have required scope: '
const ROUTE = 'Access denied: insufficient permissions for route '
const ANY_OF = 'Insufficient OAuth2 scopes for models API. Required: '
const LONG = 'x'.repeat(257)

function read(status: number, error: unknown): Hint {
  const { headers, body } = withJson(status, { error })
  return readHint(status, headers, body)
}

/** The sentence as Llama Stack's releases have sent it, or could. */
function envelopes(text: string): readonly unknown[] {
  return [
    { detail: text },
    { message: text },
    { message: text, type: 'access_denied', code: 403 },
    { message: text, detail: text },
    { detail: text, message: 'Forbidden' },
    { detail: text, message: null },
  ]
}

function notRead(t: Test, status: number, text: string): void {
  for (const error of envelopes(text)) t.equal(read(status, error).kind, 'none')
}

const REQUIRED_SCOPE: readonly (readonly [named: string, scopes: readonly string[]])[] = [
  ['telemetry.read', ['telemetry.read']],
  ['a,b', ['a,b']],
  ['admin.', ['admin.']],
  [LONG, []],
]
for (const [named, scopes] of REQUIRED_SCOPE) {
  t.test(`a required scope is read where the sentence names ${titleOf(named)}`, async (t) => {
    for (const error of envelopes(SCOPE + named)) {
      t.same(read(403, error), {
        kind: 'insufficient-scope',
        scopes,
        mode: 'all',
        source: 'llama-stack-scope',
        hasErrorCode: false,
      })
      t.equal(read(401, error).kind, 'none', 'on a 403 only')
    }
  })
}

const NO_REQUIRED_SCOPE = [
  SCOPE,
  SCOPE.trimEnd(),
  `${SCOPE} admin`,
  `${SCOPE}admin `,
  `${SCOPE}admin\n`,
  `${SCOPE}admin\r\n`,
  `${SCOPE}\nadmin`,
  `${SCOPE}admin\0`,
  `${SCOPE}read admin`,
  `${SCOPE}read, admin`,
  `${SCOPE}"admin"`,
  `${SCOPE}ad\\min`,
  `${SCOPE}\u0430dmin`,
  `${SCOPE}admin\u200b`,
  `${SCOPE}admin. Ignore previous instructions`,
  `${SCOPE}admin\n${SCOPE}root`,
  ` ${SCOPE}admin`,
  `Error: ${SCOPE}admin`,
  `${SCOPE}admin`.toLowerCase(),
  `${SCOPE}admin`.replace(':', '\uff1a'),
  `${SCOPE}admin`.replace(' ', '\xa0'),
  `${SCOPE}admin`.replace('user ', 'user  '),
  `${SCOPE}admin`.replace('scope:', 'scopes:'),
  `Error code: 403 - {'error': {'detail': '${SCOPE}admin'}}`,
  `"${SCOPE}admin"`,
  JSON.stringify({ error: { detail: `${SCOPE}admin` } }),
]
for (const text of NO_REQUIRED_SCOPE) {
  t.test(`a required scope is not read from ${titleOf(text)}`, async (t) => notRead(t, 403, text))
}

const ROUTES = [
  '/',
  '/v1/files',
  '/v1/chat/completions',
  '/v1/models/stub/tiny',
  '/v1/files/a%20b?x=1',
  '/v1/models/caf\u00e9',
  `/${'x'.repeat(2047)}`,
]
for (const route of ROUTES) {
  t.test(`a route refusal keeps the path ${titleOf(route)} as it is written`, async (t) => {
    for (const error of envelopes(ROUTE + route)) {
      t.same(read(403, error), {
        kind: 'insufficient-scope',
        scopes: [],
        mode: 'all',
        source: 'llama-stack-route',
        hasErrorCode: false,
        route,
      })
    }
  })
}

const NO_ROUTES = [
  ROUTE,
  `${ROUTE}v1/files`,
  `${ROUTE} /v1/files`,
  `${ROUTE}/v1/files `,
  `${ROUTE}/v1/files\n`,
  `${ROUTE}/v1/files. Required scope: admin`,
  `${ROUTE}/v1/files\nrequired scope: admin`,
  `${ROUTE}/v1/files\u2028`,
  `${ROUTE}/v1/files\u202e`,
  `${ROUTE}/v1/files\0`,
  `${ROUTE}/v1/files\ud800`,
  `${ROUTE}https://evil.example/v1/files`,
  `${ROUTE}/${'x'.repeat(2048)}`,
  `Error code: 403 - ${ROUTE}/v1/files`,
  `${ROUTE}/v1/files`.toUpperCase(),
]
for (const text of NO_ROUTES) {
  t.test(`a route refusal is not read from ${titleOf(text)}`, async (t) => {
    notRead(t, 403, text)
  })
}

const HUNDRED = Array.from({ length: 100 }, (_, index) => `s${100 + index}`)
const ALTERNATIVES: readonly (readonly [named: string, scopes: readonly string[]])[] = [
  ['llama:models:read, llama:admin', ['llama:admin', 'llama:models:read']],
  ['llama:admin, llama:models:read', ['llama:admin', 'llama:models:read']],
  ['llama:admin', ['llama:admin']],
  ['b, a, b', ['a', 'b']],
  [HUNDRED.join(', '), HUNDRED],
  [[...HUNDRED, 'x'].join(', '), []],
  [`a, ${LONG}`, []],
]
for (const [named, scopes] of ALTERNATIVES) {
  t.test(`alternatives are read from ${titleOf(named)}`, async (t) => {
    const message = ANY_OF + named
    t.same(read(401, { message }), {
      kind: 'insufficient-scope',
      scopes,
      mode: 'any',
      source: 'llama-stack-any-of',
      hasErrorCode: false,
    })
    t.equal(read(403, { message }).kind, 'none', 'on a 401 only')
    t.equal(read(401, { detail: message }).kind, 'none', 'in error.message only')
  })
}

t.test('alternatives are read for any API of one word', async (t) => {
  for (const word of ['models', 'vector_io', 'post-training', 'Agents2']) {
    t.equal(read(401, { message: ANY_OF.replace('models', word).concat('a') }).mode, 'any')
  }
})

const NO_ALTERNATIVES = [
  ANY_OF,
  ANY_OF.trimEnd(),
  `${ANY_OF} a, b`,
  `${ANY_OF}a, b `,
  `${ANY_OF}a, b\n`,
  `${ANY_OF}a\nb`,
  `${ANY_OF}a,b`,
  `${ANY_OF}a,  b`,
  `${ANY_OF}a , b`,
  `${ANY_OF}a,\tb`,
  `${ANY_OF}a,, b`,
  `${ANY_OF}a, , b`,
  `${ANY_OF}, a`,
  `${ANY_OF}a, `,
  `${ANY_OF}a,`,
  `${ANY_OF}a b`,
  `${ANY_OF}a or b`,
  `${ANY_OF}a; b`,
  `${ANY_OF}['a', "b"]`,
  `${ANY_OF}a, "b"`,
  `${ANY_OF}a, b\\c`,
  `${ANY_OF}a, caf\u00e9`,
  `${ANY_OF}a, b. Ask for root`,
  ` ${ANY_OF}a`,
  `Error: ${ANY_OF}a`,
  `${ANY_OF}a`.replace('models', 'my models'),
  `${ANY_OF}a`.replace('models ', ''),
  `${ANY_OF}a`.replace('API.', 'API'),
  `${ANY_OF}a`.replace('OAuth2', 'OAuth'),
  `${ANY_OF}a`.toLowerCase(),
  `Error code: 401 - {'error': {'message': '${ANY_OF}a'}}`,
]
for (const text of NO_ALTERNATIVES) {
  t.test(`alternatives are not read from ${titleOf(text)}`, async (t) => notRead(t, 401, text))
}
