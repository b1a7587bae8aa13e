import { generateKeyPairSync } from 'node:crypto'

export interface TestKey {
  /** PKCS#8. */
  readonly pem: string
  readonly publicPem: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly publicJwk: Readonly<Record<string, unknown>>
}

type Kind = 'rsa' | 'rsa-1024' | 'ec' | 'ec-p384' | 'ed25519' | 'ed448'

/** A fresh key pair, in the forms in which operators have it. */
export function createTestKey(kind: Kind): TestKey {
  const { privateKey, publicKey } = generate(kind)
  return {
    pem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    publicPem: String(publicKey.export({ format: 'pem', type: 'spki' })),
    jwk: { ...privateKey.export({ format: 'jwk' }) },
    publicJwk: { ...publicKey.export({ format: 'jwk' }) },
  }
}

function generate(kind: Kind) {
  switch (kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 })
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'ed25519':
      return generateKeyPairSync('ed25519')
    case 'ed448':
      return generateKeyPairSync('ed448')
  }
}
