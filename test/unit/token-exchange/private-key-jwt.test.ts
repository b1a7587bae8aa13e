import { createPrivateKey, createPublicKey } from 'node:crypto'
import { decodeJwt, jwtVerify } from 'jose'
import t from 'tap'
import type { AssertionKey } from '../../../src/token-exchange/private-key-jwt.ts'
import { privateKeyJwt } from '../../../src/token-exchange/private-key-jwt.ts'
import { createTestKey } from '../../support/client-keys.ts'

const ISSUER = 'https://login.example.com/realms/r'
const NOW_MS = 1_700_000_000_999

function keyOf(kind: 'rsa' | 'ec' | 'ed25519', algorithm: string, keyId?: string): AssertionKey {
  return { privateKey: createPrivateKey(createTestKey(kind).pem), algorithm, keyId }
}

async function authenticate(key: AssertionKey, requestId?: string) {
  const authentication = privateKeyJwt({
    clientId: 'app',
    issuer: ISSUER,
    key: () => key,
    now: () => NOW_MS,
  })
  const form = new URLSearchParams({ grant_type: 'x' })
  const headers: Record<string, string> = {}
  t.equal(await authentication(form, headers, requestId), undefined)
  t.same(headers, {}, 'nothing in the headers')
  return form
}

t.test(
  'the assertion is signed by each algorithm, with the claims that Keycloak wants',
  async (t) => {
    for (const key of [
      keyOf('rsa', 'RS256'),
      keyOf('rsa', 'PS256', 'k1'),
      keyOf('ec', 'ES256', 'k2'),
      keyOf('ed25519', 'EdDSA'),
    ]) {
      const form = await authenticate(key)
      t.equal(form.get('client_id'), 'app')
      t.equal(
        form.get('client_assertion_type'),
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      )
      const { payload, protectedHeader } = await jwtVerify(
        form.get('client_assertion') ?? '',
        createPublicKey(key.privateKey),
        { currentDate: new Date(NOW_MS) },
      )
      const { jti, ...claims } = payload
      const iat = Math.floor(NOW_MS / 1000)
      t.same(claims, { iss: 'app', sub: 'app', aud: ISSUER, iat, exp: iat + 60 })
      t.match(jti, /^[0-9a-f-]{36}$/)
      t.same(protectedHeader, {
        alg: key.algorithm,
        ...(key.keyId === undefined ? {} : { kid: key.keyId }),
      })
    }
  },
)

t.test('each assertion has its own id, which begins with that of the request', async (t) => {
  const key = keyOf('ec', 'ES256')
  const ids = new Set<string>()
  for (let count = 0; count < 3; count += 1) {
    const form = await authenticate(key, 'b0-1')
    const { jti = '' } = decodeJwt(form.get('client_assertion') ?? '')
    t.match(jti, /^b0-1\.[0-9a-f-]{36}$/)
    ids.add(jti)
  }
  t.equal(ids.size, 3)
})

t.test('another key signs from then on', async (t) => {
  const keys = [keyOf('ec', 'ES256'), keyOf('rsa', 'PS256', 'new')]
  let current = 0
  const key = () => keys[current] ?? keyOf('ec', 'ES256')
  const authentication = privateKeyJwt({ clientId: 'app', issuer: ISSUER, key, now: Date.now })
  for (const expected of keys) {
    const form = new URLSearchParams()
    await authentication(form, {}, undefined)
    const assertion = form.get('client_assertion') ?? ''
    t.ok(await jwtVerify(assertion, createPublicKey(expected.privateKey)))
    current += 1
  }
})
