import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import type { TokenClaims } from '../../../src/subject-token.ts'
import { parseTokenClaims } from '../../../src/subject-token.ts'
import { checkIssuedToken } from '../../../src/token-exchange/issued-token-check.ts'

const ISSUER = 'https://kc/realms/test'
const NOW_S = 1_000_000
const SUBJECT = { iss: ISSUER, sub: 'alice', aud: ['requester', 'portal'], exp: NOW_S + 100 }
const ISSUED = {
  iss: ISSUER,
  sub: 'alice',
  aud: ['llama'],
  exp: NOW_S + 300,
  scope: 'y x',
  jti: 'ntrtte:1',
  sid: 's',
}

function claimsOf(payload: Readonly<Record<string, unknown>>): TokenClaims {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = parseTokenClaims(`${encode({ alg: 'RS256' })}.${encode(payload)}.c2ln`)
  if (claims === undefined) throw new Error('a JWT')
  return claims
}

function check(
  issued: Readonly<Record<string, unknown>> = {},
  wanted: Partial<ExchangeRequest> = {},
  answerScopes: readonly string[] = ['x', 'y'],
  subject = claimsOf(SUBJECT),
) {
  return checkIssuedToken({
    claims: claimsOf({ ...ISSUED, ...issued }),
    answerScopes: new Set(answerScopes),
    request: {
      subject: { token: createSecret('t'), digest: 'd', claims: subject },
      scopes: ['x'],
      audience: ['llama'],
      namedBy: 'upstream',
      ...wanted,
    },
    subject,
    issuer: ISSUER,
    scopeRules: { isAllowed: () => false, isDenied: (scope) => scope === 'admin' },
    nowMs: NOW_S * 1000,
  })
}

t.test('a sound token is accepted until the earlier of the two ends', async (t) => {
  t.same(check(), {
    kind: 'accepted',
    scopes: ['x', 'y'],
    expiresAt: NOW_S + 100,
    jti: 'ntrtte:1',
    sid: 's',
  })
  t.match(check({ exp: NOW_S + 60 }), { expiresAt: NOW_S + 60 })
  t.match(check({ jti: 7, sid: undefined }), { jti: undefined, sid: undefined })
})

t.test('a lying authorization server is found out', async (t) => {
  const table: [issued: Record<string, unknown>, claim: string][] = [
    [{ iss: 'https://evil' }, 'iss'],
    [{ iss: `${ISSUER}/` }, 'iss'],
    [{ sub: 'bob' }, 'sub'],
    [{ sub: undefined }, 'sub'],
    [{ sub: '' }, 'sub'],
    [{ exp: NOW_S - 30 }, 'exp'],
    [{ exp: undefined }, 'exp'],
    [{ nbf: NOW_S + 31 }, 'nbf'],
    [{ aud: ['other'] }, 'aud'],
    [{ aud: undefined }, 'aud'],
  ]
  for (const [issued, claim] of table) {
    t.same(check(issued), { kind: 'invalid', claim }, JSON.stringify(issued))
  }
})

t.test('two tokens without a sub are not of the same subject', async (t) => {
  const nobody = claimsOf({ ...SUBJECT, sub: undefined })
  t.same(check({ sub: undefined }, {}, ['x'], nobody), { kind: 'invalid', claim: 'sub' })
})

t.test('clocks may differ by 30 s', async (t) => {
  t.equal(check({ exp: NOW_S - 29 }).kind, 'accepted')
  t.equal(check({ nbf: NOW_S + 30 }).kind, 'accepted')
})

t.test('every requested audience must be there', async (t) => {
  t.same(check({}, { audience: ['llama', 'mcp'] }), { kind: 'invalid', claim: 'aud' })
  t.equal(check({ aud: ['mcp', 'llama'] }, { audience: ['llama', 'mcp'] }).kind, 'accepted')
  t.equal(check({ aud: 'llama' }).kind, 'accepted')
})

t.test('beside the requested audiences only those of the caller may be there', async (t) => {
  const refused = { kind: 'refused', reason: 'new-audience' }
  for (const namedBy of ['upstream', 'operator'] as const) {
    t.same(check({ aud: ['llama', 'neighbour'] }, { namedBy }), refused, namedBy)
    t.equal(check({ aud: ['llama', 'portal'] }, { namedBy }).kind, 'accepted', namedBy)
  }
})

t.test('without an audience, an upstream cannot have one added', async (t) => {
  const refused = { kind: 'refused', reason: 'new-audience' }
  const unpinned = { audience: [], namedBy: 'upstream' } as const
  t.same(check({ aud: ['neighbour'] }, unpinned), refused)
  t.same(check({ aud: ['portal', 'neighbour'] }, unpinned), refused)
  t.equal(check({ aud: ['portal'] }, unpinned).kind, 'accepted')
  t.equal(check({ aud: [] }, unpinned).kind, 'accepted')
  t.equal(check({ aud: ['neighbour'] }, { audience: [], namedBy: 'operator' }).kind, 'accepted')
})

t.test('needed scopes must be in the answer and in the token', async (t) => {
  const notGranted = { kind: 'scope-not-granted' }
  t.same(check({ scope: 'y' }), notGranted)
  t.same(check({}, {}, ['y']), notGranted)
  t.same(check({ scope: undefined }), notGranted)
  t.same(check({}, { scopes: ['x', 'z'] }), notGranted)
  t.equal(check({ scope: undefined }, { scopes: [] }, []).kind, 'accepted')
})

t.test('an extra scope is tolerated unless it is denied', async (t) => {
  const refused = { kind: 'refused', reason: 'denied-extra-scope' }
  t.equal(check({ scope: 'x profile' }).kind, 'accepted')
  t.same(check({ scope: 'x admin' }), refused)
  t.same(check({}, {}, ['x', 'admin']), refused)
})
