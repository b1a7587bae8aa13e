import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { createSubjectTokenReader, parseTokenClaims, readBearer } from '../../src/subject-token.ts'

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function jwtOf(payload: unknown, header: unknown = { alg: 'RS256' }): string {
  return `${encode(header)}.${encode(payload)}.c2ln`
}

t.test('readBearer takes one token68 of the scheme, whatever its case', async (t) => {
  const table: [field: string, token: string | undefined][] = [
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['Bearer a-b._~+/9==', 'a-b._~+/9=='],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Bearer\tabc', undefined],
    ['Bearer abc def', undefined],
    ['Bearer abc,', undefined],
    ['Bearer a=b', undefined],
    ['Bearer "abc"', undefined],
    ['Bearer ab\u00e9', undefined],
    ['Bearer abc\r\nx: y', undefined],
    ['Bearer abc\n', undefined],
    ['Bearerabc', undefined],
    ['Basic abc', undefined],
    ['DPoP abc', undefined],
    ['', undefined],
  ]
  for (const [field, token] of table) t.equal(readBearer(field), token, JSON.stringify(field))
})

t.test('the claims of a JWT are read, each only in its right type', async (t) => {
  const claims = parseTokenClaims(
    jwtOf({ iss: 'https://kc', sub: 'alice', exp: 12, aud: 'a', scope: 'x  y', sid: 's' }),
  )
  t.equal(claims?.iss, 'https://kc')
  t.equal(claims?.sub, 'alice')
  t.equal(claims?.exp, 12)
  t.same(claims?.aud, ['a'])
  t.same([...(claims?.scopes ?? [])], ['x', 'y'])
  t.equal(claims?.isSenderConstrained, false)
  t.same(claims?.payload, {
    iss: 'https://kc',
    sub: 'alice',
    exp: 12,
    aud: 'a',
    scope: 'x  y',
    sid: 's',
  })

  const odd = parseTokenClaims(jwtOf({ iss: 1, sub: '', exp: '12', aud: ['a', 2], scope: ['x'] }))
  t.equal(odd?.iss, undefined)
  t.equal(odd?.sub, undefined)
  t.equal(odd?.exp, undefined)
  t.same(odd?.aud, ['a'])
  t.equal(odd?.scopes.size, 0)
  t.same(parseTokenClaims(jwtOf({}))?.aud, [])
  t.equal(parseTokenClaims(jwtOf({ cnf: { jkt: 'k' } }))?.isSenderConstrained, true)
})

t.test('what is no JWT has no claims', async (t) => {
  const table: [what: string, token: string][] = [
    ['an opaque token', 'abcdef'],
    ['two parts', `${encode({ alg: 'RS256' })}.${encode({})}`],
    ['five parts, an encrypted token', `${jwtOf({})}.a.b`],
    ['a payload that is an array', jwtOf([1])],
    ['a payload that is null', jwtOf(null)],
    ['a header without alg', jwtOf({}, {})],
    ['a payload that is no JSON', `${encode({ alg: 'RS256' })}.e30x.c2ln`],
    ['a payload with characters outside base64url', `${encode({ alg: 'RS256' })}.e3+0.c2ln`],
    ['empty parts', '..'],
  ]
  for (const [what, token] of table) t.equal(parseTokenClaims(token), undefined, what)
})

t.test('a JWT has one spelling: unused bits are zero, and nothing is padded', async (t) => {
  const header = Buffer.from('{"alg":"RS256"} ').toString('base64url')
  const payload = Buffer.from('{"sub":"al"}  ').toString('base64url')
  const table: [what: string, token: string, isJwt: boolean][] = [
    ['as it was signed', `${header}.${payload}.AA`, true],
    ['bits of the header', `${respell(header)}.${payload}.AA`, false],
    ['bits of the payload', `${header}.${respell(payload)}.AA`, false],
    ['bits of the signature', `${header}.${payload}.AB`, false],
    ['a padded signature', `${header}.${payload}.AA==`, false],
    ['a padded payload', `${header}.${payload}=.AA`, false],
    ['a signature that no octets give', `${header}.${payload}.AAAAA`, false],
    ['a signature outside the alphabet', `${header}.${payload}.A+`, false],
    ['a signature that was cut off: forged, but a JWT', `${header}.${payload}.`, true],
  ]
  for (const [what, token, isJwt] of table)
    t.equal(parseTokenClaims(token) !== undefined, isJwt, what)
})

/** The same octets in other characters: the last one carries bits that no octet has. */
function respell(segment: string): string {
  const octets = Buffer.from(segment, 'base64url')
  const other = `${segment.slice(0, -1)}${String.fromCharCode(segment.charCodeAt(segment.length - 1) + 1)}`
  assert.deepEqual(Buffer.from(other, 'base64url'), octets)
  return other
}

t.test('any text is read without an exception', async () => {
  const part = fc.oneof(
    fc.string(),
    fc
      .json()
      .map(Buffer.from)
      .map((b) => b.toString('base64url')),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      parseTokenClaims(parts.join('.'))
      readBearer(`Bearer ${parts.join('.')}`)
    }),
  )
})

t.test('a subject token is known by the SHA-256 of the whole token, and read once', async (t) => {
  const read = createSubjectTokenReader({ maxEntries: 10 })
  const token = jwtOf({ sub: 'alice' })
  const subject = read(`Bearer ${token}`)
  t.equal(subject?.token.expose(), token)
  t.equal(subject?.digest, createHash('sha256').update(token).digest('base64url'))
  t.equal(subject?.claims?.sub, 'alice')
  t.equal(read(`bearer  ${token}`), subject, 'the very same object')
  t.equal(read('Basic abc'), undefined)
  t.notOk(inspect(subject).includes(token), 'printing it does not print the token')
})

t.test('tokens that differ in the last character alone are two tokens', async (t) => {
  const read = createSubjectTokenReader({ maxEntries: 10 })
  const one = read(`Bearer ${jwtOf({ sub: 'a' })}A`)
  const other = read(`Bearer ${jwtOf({ sub: 'a' })}B`)
  t.notOk(one?.digest === other?.digest)
  t.equal(other?.token.expose().endsWith('B'), true)
})

t.test('a bearer that is no JWT has a digest and no claims', async (t) => {
  const subject = createSubjectTokenReader({ maxEntries: 10 })('Bearer opaque')
  t.ok(subject?.digest)
  t.equal(subject?.claims, undefined)
})

t.test('a token over 64 KiB is not decoded', async (t) => {
  const read = createSubjectTokenReader({ maxEntries: 10 })
  const fits = jwtOf({ sub: 'a', pad: 'x'.repeat(48_000) })
  const beyond = jwtOf({ sub: 'a', pad: 'x'.repeat(60_000) })
  t.equal(read(`Bearer ${fits}`)?.claims?.sub, 'a')
  t.equal(read(`Bearer ${beyond}`)?.claims, undefined)
})

t.test('only so many tokens are remembered', async (t) => {
  const read = createSubjectTokenReader({ maxEntries: 2 })
  const first = read(`Bearer ${jwtOf({ sub: '1' })}`)
  read(`Bearer ${jwtOf({ sub: '2' })}`)
  read(`Bearer ${jwtOf({ sub: '3' })}`)
  t.notOk(read(`Bearer ${jwtOf({ sub: '1' })}`) === first, 'read anew')
})

t.test(
  'a token that decodes into very many values counts for what it keeps in memory',
  async (t) => {
    const read = createSubjectTokenReader({ maxEntries: 1000 })
    const heavy = (n: number) =>
      `Bearer ${jwtOf({ n, a: Array.from({ length: 10_000 }, () => ({})) })}`
    const wide = (n: number) => `Bearer ${jwtOf({ n, scope: 'a '.repeat(20_000) })}`
    const light = read(`Bearer ${jwtOf({ sub: '1' })}`)
    for (const weigh of [heavy, wide]) {
      const first = read(weigh(0))
      for (let n = 1; n < 8; n += 1) read(weigh(n))
      t.notOk(read(weigh(0)) === first, 'there is no room for eight')
      t.equal(read(weigh(7)), read(weigh(7)), 'there is for one')
    }
    t.notOk(read(`Bearer ${jwtOf({ sub: '1' })}`) === light, 'and all share the one bound')
  },
)
