import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { ClientKeyWishes } from '../../../src/config/client-key.ts'
import { parseClientKey } from '../../../src/config/client-key.ts'
import { createCertificate } from '../../support/certificates.ts'
import { createTestKey } from '../../support/client-keys.ts'

const NO_WISHES: ClientKeyWishes = { algorithm: undefined, keyId: undefined }
const rsa = createTestKey('rsa')
const ec = createTestKey('ec')
const ed = createTestKey('ed25519')

/** `ES256 k1` for a key, `key: …` or `algorithm: …` for a mistake. */
function read(text: string, wishes: Partial<ClientKeyWishes> = {}): string {
  const parsed = parseClientKey(text, { ...NO_WISHES, ...wishes })
  if (parsed.kind === 'mistake') return `${parsed.about}: ${parsed.reason}`
  return [parsed.key.algorithm, parsed.key.keyId].filter(Boolean).join(' ')
}

t.test('PEM and JWK are read, and the kind of key says how it signs', async (t) => {
  t.equal(read(rsa.pem), 'RS256')
  t.equal(read(ec.pem), 'ES256')
  t.equal(read(ed.pem), 'EdDSA')
  for (const [key, algorithm] of [
    [rsa, 'RS256'],
    [ec, 'ES256'],
    [ed, 'EdDSA'],
  ] as const) {
    t.equal(read(JSON.stringify(key.jwk)), algorithm)
    t.equal(read(`\uFEFF \r\n${JSON.stringify(key.jwk, null, 2)}\n\n`), algorithm)
    t.equal(read(`Some text before\n${key.pem.replaceAll('\n', '\r\n')}`), algorithm)
  }
})

t.test('older forms of PEM without a passphrase are read too', async (t) => {
  t.equal(read(String(createPrivateKey(rsa.pem).export({ format: 'pem', type: 'pkcs1' }))), 'RS256')
  t.equal(read(String(createPrivateKey(ec.pem).export({ format: 'pem', type: 'sec1' }))), 'ES256')
})

t.test('algorithm and key id are the setting, else those of the JWK', async (t) => {
  const jwk = JSON.stringify({ ...rsa.jwk, alg: 'PS256', kid: 'own', use: 'sig' })
  t.equal(read(jwk), 'PS256 own')
  t.equal(read(jwk, { keyId: 'own', algorithm: 'PS256' }), 'PS256 own')
  t.equal(read(JSON.stringify(rsa.jwk), { keyId: 'k' }), 'RS256 k')
  t.equal(read(rsa.pem, { algorithm: 'PS256' }), 'PS256')
  t.equal(read(ec.pem, { keyId: 'k' }), 'ES256 k')
  t.equal(read(jwk, { algorithm: 'RS256' }), "algorithm: contradicts the 'alg' of the JWK")
  t.equal(read(jwk, { keyId: 'other' }), "key-id: contradicts the 'kid' of the JWK")
})

t.test('what is no usable private key is refused with its reason', async (t) => {
  const { cert } = await createCertificate()
  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' },
  }).privateKey
  const oldEncrypted =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----'
  const table: [what: string, text: string, reason: RegExp][] = [
    ['a word', 'hunter2', /must be a private key/],
    ['a public key', rsa.publicPem, /is a public key/],
    ['a certificate', cert, /is a certificate/],
    ['an encrypted key', encrypted, /is encrypted/],
    ['an old encrypted key', oldEncrypted, /is encrypted/],
    ['two keys', rsa.pem + ec.pem, /more than one/],
    ['a cut key', rsa.pem.slice(0, 300), /cannot be read/],
    ['a broken key', rsa.pem.replace(/\n.{20}/, '\n####################'), /cannot be read/],
    ['a short RSA key', createTestKey('rsa-1024').pem, /less than 2048 bits/],
    ['another curve', createTestKey('ec-p384').pem, /curve that is not supported/],
    ['another curve as JWK', JSON.stringify(createTestKey('ec-p384').jwk), /curve/],
    ['Ed448', createTestKey('ed448').pem, /kind of key that is not supported/],
    ['a public JWK', JSON.stringify(ec.publicJwk), /is a public key/],
    ['a set of JWKs', JSON.stringify({ keys: [ec.jwk] }), /one JWK/],
    ['a symmetric JWK', JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }), /symmetric/],
    ['JSON that is no JWK', '{}', /must be a private key/],
    ['broken JSON', '{"kty":', /not valid JSON/],
    ['a JWK without its point', JSON.stringify({ ...ec.jwk, x: 1 }), /cannot be read/],
    ['a JWK for encryption', JSON.stringify({ ...rsa.jwk, use: 'enc' }), /'use'/],
    ['a JWK for another alg', JSON.stringify({ ...rsa.jwk, alg: 'ES256' }), /'alg' does not fit/],
    ['a JWK for HS256', JSON.stringify({ ...rsa.jwk, alg: 'HS256' }), /'alg' does not fit/],
    ['a JWK with a number as kid', JSON.stringify({ ...rsa.jwk, kid: 7 }), /'kid'/],
  ]
  for (const [what, text, reason] of table) {
    const said = read(text)
    t.match(said, /^key: /, what)
    t.match(said, reason, what)
    t.notOk(holdsPartOf(said, text), `${what}: nothing of it is said`)
  }
})

t.test('an algorithm that the key cannot make is a mistake of that setting', async (t) => {
  t.match(read(ec.pem, { algorithm: 'RS256' }), /^algorithm: .*ES256$/)
  t.match(read(rsa.pem, { algorithm: 'EdDSA' }), /^algorithm: .*RS256 or PS256$/)
  t.match(read(ed.pem, { algorithm: 'ES256' }), /^algorithm: .*EdDSA$/)
})

function holdsPartOf(said: string, text: string): boolean {
  const pieces = text.match(/[A-Za-z0-9+/_-]{12,}/g) ?? []
  return pieces.some((piece) => said.includes(piece))
}
