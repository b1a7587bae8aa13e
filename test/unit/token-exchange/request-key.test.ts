import fc from 'fast-check'
import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import { createRequestKey } from '../../../src/token-exchange/request-key.ts'

function requestOf(overrides: Partial<ExchangeRequest> & { digest?: string }): ExchangeRequest {
  const { digest = 'd', ...rest } = overrides
  const subject = { token: createSecret('t'), digest, claims: undefined }
  return { subject, scopes: [], audience: [], namedBy: 'operator', ...rest }
}

t.test('no two different requests have one key', async () => {
  // Long ones bring the key over the length from which it is a digest.
  const long = 'x'.repeat(120)
  const words = fc.array(fc.constantFrom('a', 'b', 'a b', 'a","b', ',', '', long), { maxLength: 3 })
  const requests = fc
    .record({ digest: fc.constantFrom('a', 'b', 'a"'), audience: words, scopes: words })
    .map(requestOf)
  fc.assert(
    fc.property(requests, requests, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other)
      return (createRequestKey(one) === createRequestKey(other)) === isSame
    }),
  )
})

t.test('a key is bounded, however long the scopes are', async (t) => {
  const scopes = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(100, 'x'))
  t.ok(createRequestKey(requestOf({ scopes })).length <= 256)
})

t.test('who named the scopes matters only without an audience', async (t) => {
  const byUpstream = createRequestKey(requestOf({ namedBy: 'upstream' }))
  t.notOk(byUpstream === createRequestKey(requestOf({ namedBy: 'operator' })))
  const pinned = { audience: ['a'] }
  t.equal(
    createRequestKey(requestOf({ ...pinned, namedBy: 'upstream' })),
    createRequestKey(requestOf({ ...pinned, namedBy: 'operator' })),
  )
})

t.test('two tokens of one caller have two keys, and so have two that cannot be read', async (t) => {
  const claims = {
    iss: 'i',
    sub: 'alice',
    exp: 1,
    aud: ['api'],
    scopes: new Set(['openid']),
    isSenderConstrained: false,
    payload: { sub: 'alice' },
  }
  for (const known of [claims, { ...claims, sub: undefined }, undefined]) {
    const keyOf = (digest: string) =>
      createRequestKey(requestOf({ subject: { token: createSecret('t'), digest, claims: known } }))
    t.notOk(keyOf('first') === keyOf('second'))
    t.equal(keyOf('first'), keyOf('first'))
  }
})
