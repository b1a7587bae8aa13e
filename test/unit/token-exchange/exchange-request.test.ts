import fc from 'fast-check'
import t from 'tap'
import { createExchangeForm } from '../../../src/token-exchange/exchange-request.ts'

function formOf(scopes: readonly string[], audience: readonly string[] = []): URLSearchParams {
  const made = createExchangeForm({ subjectToken: 'a.b.c', scopes, audience })
  if (made.kind === 'form') return made.form
  throw new Error(made.reason)
}

t.test('the form is that of RFC 8693 as Keycloak wants it', async (t) => {
  t.same(
    [...formOf(['x', 'y'], ['one', 'two'])],
    [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['subject_token', 'a.b.c'],
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
      ['requested_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
      ['scope', 'x y'],
      ['audience', 'one'],
      ['audience', 'two'],
    ],
  )
})

t.test('no scopes and no audience send neither parameter', async (t) => {
  t.equal(formOf([]).has('scope'), false)
  t.equal(formOf([]).has('audience'), false)
})

t.test('a scope that looks like a parameter stays a scope', async (t) => {
  const wire = formOf(['x&audience=evil', 'y']).toString()
  t.equal(new URLSearchParams(wire).get('scope'), 'x&audience=evil y')
  t.equal(new URLSearchParams(wire).has('audience'), false)
})

t.test('what is no scope token is refused before anything is sent', async (t) => {
  for (const scope of ['', 'a b', 'a\r\nb', 'a"b', 'a\\b', 'ä', 'a\u007f']) {
    const made = createExchangeForm({ subjectToken: 'a', scopes: ['ok', scope], audience: [] })
    // JSON leaves the last control character as it is, which no terminal should get.
    const title = JSON.stringify(scope).replace('\u007f', '\\u007f')
    t.same(made, { kind: 'refused', reason: 'malformed-scope' }, title)
  }
})

t.test('4000 characters of scope are sent, 4001 are refused', async (t) => {
  const scopes = ['a'.repeat(2000), 'b'.repeat(1999)]
  t.equal(formOf(scopes).get('scope')?.length, 4000)
  const made = createExchangeForm({ subjectToken: 'a', scopes: [...scopes, 'c'], audience: [] })
  t.same(made, { kind: 'refused', reason: 'scope-too-long' })
})

t.test('any scope tokens and audiences arrive as they were given', async () => {
  const scopeToken = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,20}$/)
  fc.assert(
    fc.property(
      fc.array(scopeToken, { minLength: 1 }),
      fc.array(fc.string({ unit: 'grapheme' })),
      (scopes, audience) => {
        const received = new URLSearchParams(formOf(scopes, audience).toString())
        return (
          received.get('scope') === scopes.join(' ') &&
          received.getAll('scope').length === 1 &&
          JSON.stringify(received.getAll('audience')) === JSON.stringify(audience)
        )
      },
    ),
  )
})
