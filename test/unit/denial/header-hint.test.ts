import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { challenged } from './denial-of.ts'

type Challenges = readonly string[]

function read(status: number, challenges: Challenges): Hint {
  const { headers, body } = challenged(status, ...challenges)
  return readHint(status, headers, body)
}

const INSUFFICIENT: readonly (readonly [challenges: Challenges, scopes: readonly string[]])[] = [
  [['Bearer error="insufficient_scope", scope="b a"'], ['a', 'b']],
  [['DPoP error="insufficient_scope", scope="a"'], ['a']],
  [['dpop scope=d, error=insufficient_scope', 'Bearer scope=b, error=insufficient_scope'], ['b']],
  [['DPoP scope=d, error=insufficient_scope, Bearer scope=b'], ['d']],
  [['Bearer error=insufficient_scope, scope=a, Bearer error=insufficient_scope, scope=b'], ['a']],
  [['Bearer error=insufficient_scope, Bearer error=insufficient_scope, scope=b'], []],
  [['Bearer scope=a', 'Bearer error=insufficient_scope, scope=b'], ['b']],
  [['Bearer error=invalid_request', 'Bearer error=insufficient_scope, scope=b'], ['b']],
  [['Bearer error=insufficient_scope, scope="re\\ad"'], ['read']],
  [['Bearer error=insufficient_scope, scope=""'], []],
  [['Bearer error=insufficient_scope, scope="a\tb"'], []],
  [["Bearer error=insufficient_scope, scope*=UTF-8''admin"], []],
  [['Bearer error=insufficient_scope, scopes="admin", x-scope="admin"'], []],
  [['Bearer error=insufficient_scope, realm="scope=admin"'], []],
]

for (const [challenges, scopes] of INSUFFICIENT) {
  for (const status of [401, 403]) {
    t.test(`${status} with ${challenges.join(' | ')} is insufficient-scope`, async (t) => {
      t.same(read(status, challenges), {
        kind: 'insufficient-scope',
        scopes,
        mode: 'all',
        source: 'challenge',
        hasErrorCode: true,
      })
    })
  }
}

const INVALID_TOKEN: readonly Challenges[] = [
  ['Bearer error="invalid_token"'],
  ['DPoP error="invalid_token"'],
  ['Bearer error="insufficient_scope", scope="a", Bearer error="invalid_token", scope="b"'],
  ['Bearer error="insufficient_scope", scope="a"', 'DPoP error="invalid_token"'],
  ['Bearer error="invalid_token", error_description="Required scope: admin", scope="admin"'],
]

for (const challenges of INVALID_TOKEN) {
  t.test(`${challenges.join(' | ')} is invalid-token and names no scope`, async (t) => {
    t.match(read(401, challenges), { kind: 'invalid-token', scopes: [], hasErrorCode: true })
    t.match(read(403, challenges), { kind: 'invalid-token', scopes: [], hasErrorCode: true })
  })
}

const OTHER: readonly (readonly [
  challenges: Challenges,
  scopes: readonly string[],
  hasErrorCode: boolean,
])[] = [
  [['Bearer'], [], false],
  [['Negotiate'], [], false],
  [['Bearer scope="b a", resource_metadata="https://mcp.example/prm"'], ['a', 'b'], false],
  [['DPoP scope=d', 'Bearer scope=b'], ['b'], false],
  [['DPoP scope=d', 'Bearer realm=x'], ['d'], false],
  [['Bearer scope="a \\"b\\""'], [], false],
  [['Bearer scope=a', 'DPoP error="use_dpop_nonce"'], ['a'], true],
  [['Bearer error="", scope=a'], ['a'], true],
  [['Bearer error="insufficient_scope ", scope=a'], ['a'], true],
  [['Bearer error="Invalid_Token"'], [], true],
  [['DPoP error="use_dpop_nonce", error_description="Required scope: admin"'], [], true],
  [
    [
      'UMA realm="r", as_uri="https://as.example", ticket="t", error="insufficient_scope", scope="x"',
    ],
    [],
    false,
  ],
  [['Basic realm="r", error="invalid_token", scope="x"'], [], false],
  [['Bearer error=insufficient_scope, scope=a, scope=b', 'Basic realm=r'], [], false],
]

for (const [challenges, scopes, hasErrorCode] of OTHER) {
  t.test(`${challenges.join(' | ')} is another challenge`, async (t) => {
    const expected = { kind: 'other', scopes, mode: 'all', source: 'challenge', hasErrorCode }
    t.same(read(401, challenges), expected)
    t.same(read(403, challenges), expected)
  })
}

const REFUSED = 'Bearer error="insufficient_scope", '

const DESCRIBED: readonly (readonly [challenge: string, scopes: readonly string[]])[] = [
  [`${REFUSED}error_description="Required scope: files:write"`, ['files:write']],
  [`${REFUSED}error_description="Required scope: a,b"`, ['a,b']],
  [`DPoP error_description="Required scope: a", error="insufficient_scope"`, ['a']],
  [`${REFUSED}error_description="Required scope: ${'x'.repeat(257)}"`, []],
]

for (const [challenge, scopes] of DESCRIBED) {
  t.test(`${challenge.slice(0, 90)} describes its scope`, async (t) => {
    t.same(read(403, [challenge]), {
      kind: 'insufficient-scope',
      scopes,
      mode: 'all',
      source: 'mcp-description',
      hasErrorCode: true,
    })
  })
}

const NOT_DESCRIBED = [
  'error_description="Required scope: "',
  'error_description="Required scope:a"',
  'error_description="Required scope:  a"',
  'error_description="Required scope: a "',
  'error_description=" Required scope: a"',
  'error_description="Required scope: a b"',
  'error_description="Required scope: a\tb"',
  'error_description="Required scope: a\\\\b"',
  'error_description="Required scope: \\"a\\""',
  'error_description="Required scopes: a"',
  'error_description="required scope: a"',
  'error_description="Forbidden. Required scope: a"',
  'error_description="Required scope: caf\xe9"',
  'error_description="Required scope: a", scope=""',
  'error_description="Required scope: a", scope="\\"b\\""',
  'error="Required scope: a"',
  'realm="Required scope: a"',
]

for (const parameters of NOT_DESCRIBED) {
  t.test(`${parameters} describes no scope`, async (t) => {
    t.same(read(403, [REFUSED + parameters]).scopes, [])
  })
}

t.test('without the error code a description says nothing', async (t) => {
  t.same(read(403, ['Bearer error_description="Required scope: a"']).scopes, [])
  t.equal(read(403, ['Bearer error_description="Required scope: a"']).kind, 'other')
})

const UNREAD: readonly Challenges[] = [
  [],
  [''],
  [',,,'],
  ['Bearer error=insufficient_scope, scope=a, scope=a'],
  ['Bearer error=insufficient_scope, scope="a'],
  ['Bearer error=insufficient_scope, scope="a\r\nb"'],
  ['Bearer error=insufficient_scope, scope="a\u0100"'],
  ['Bearer error=insufficient_scope; scope=a'],
  ['Bearer error=insufficient_scope scope=a'],
  ['{"error":"insufficient_scope","scope":"a"}'],
]

for (const challenges of UNREAD) {
  t.test(`the field lines ${JSON.stringify(challenges)} give no hint`, async (t) => {
    t.equal(read(403, challenges).kind, 'none')
  })
}
