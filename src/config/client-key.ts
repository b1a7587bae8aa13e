import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createPrivateKey } from 'node:crypto'
import { parseJsonObject } from '../json-object.ts'
import { PUBLIC_KEY, parsePrivateKeyPem, tryCreateKey } from './private-key-pem.ts'

/** What Keycloak takes from a client and Node can sign (RFC 7518 §3.1, RFC 8037 §3.1). */
export const SIGNING_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

/** The private key that signs the client's assertions (RFC 7523 §2.2). */
export interface ClientKey {
  readonly privateKey: KeyObject
  readonly algorithm: SigningAlgorithm
  readonly keyId: string | undefined
}

export interface ClientKeyWishes {
  /** Else the JWK's, else by the kind of key. */
  readonly algorithm: SigningAlgorithm | undefined
  /** Else the JWK's, else none. */
  readonly keyId: string | undefined
}

/** The setting that is wrong: the key itself, or one of the two wishes. */
export type ClientKeyPart = 'key' | 'algorithm' | 'key-id'

export type ParsedClientKey =
  | { readonly kind: 'key'; readonly key: ClientKey }
  /** `reason` follows the name of the setting, and holds nothing of the key. */
  | { readonly kind: 'mistake'; readonly about: ClientKeyPart; readonly reason: string }

/** Reads a private key in PEM or as a JWK (RFC 7517), and how it is to sign. */
export function parseClientKey(text: string, wishes: ClientKeyWishes): ParsedClientKey {
  const isJwk = text.trimStart().startsWith('{')
  const read = isJwk ? readJwk(text.trim()) : readPem(text)
  if (typeof read === 'string') return { kind: 'mistake', about: 'key', reason: read }
  const fitting = fittingAlgorithms(read.privateKey)
  if (typeof fitting === 'string') return { kind: 'mistake', about: 'key', reason: fitting }
  const own = read.algorithm
  if (own !== undefined && !fitting.some((one) => one === own)) {
    const reason = `is a JWK whose 'alg' does not fit it: such a key signs with ${fitting.join(' or ')}`
    return { kind: 'mistake', about: 'key', reason }
  }
  const wished = wishes.algorithm ?? own ?? fitting[0]
  const algorithm = fitting.find((one) => one === wished)
  if (algorithm === undefined) {
    const reason = `does not fit the client's key, which signs with ${fitting.join(' or ')}`
    return { kind: 'mistake', about: 'algorithm', reason }
  }
  if (own !== undefined && own !== algorithm) {
    return { kind: 'mistake', about: 'algorithm', reason: "contradicts the 'alg' of the JWK" }
  }
  const keyId = wishes.keyId ?? read.keyId
  if (read.keyId !== undefined && read.keyId !== keyId) {
    return { kind: 'mistake', about: 'key-id', reason: "contradicts the 'kid' of the JWK" }
  }
  return { kind: 'key', key: { privateKey: read.privateKey, algorithm, keyId } }
}

interface ReadKey {
  readonly privateKey: KeyObject
  readonly algorithm: string | undefined
  readonly keyId: string | undefined
}

const NOT_A_KEY = 'must be a private key in PEM (PKCS#8), or a private JWK'
const MIN_RSA_BITS = 2048

/** A string says what is wrong. */
function readPem(text: string): ReadKey | string {
  const privateKey = parsePrivateKeyPem(text, NOT_A_KEY)
  if (typeof privateKey === 'string') return privateKey
  return { privateKey, algorithm: undefined, keyId: undefined }
}

function readJwk(text: string): ReadKey | string {
  const jwk = parseJsonObject(text)
  if (jwk === undefined) return 'looks like a JWK, but is not valid JSON'
  if ('keys' in jwk) return 'is a set of keys: it must be one JWK'
  const { kty, d, alg, kid, use } = jwk
  if (kty === 'oct') return 'is a symmetric key: it must be a private key'
  if (typeof kty !== 'string') return NOT_A_KEY
  if (d === undefined) return PUBLIC_KEY
  if (use !== undefined && use !== 'sig') return "is a JWK whose 'use' is not 'sig'"
  if (alg !== undefined && typeof alg !== 'string') return "is a JWK whose 'alg' is not a text"
  if (kid !== undefined && typeof kid !== 'string') return "is a JWK whose 'kid' is not a text"
  const key: JsonWebKey = { ...jwk }
  const privateKey = tryCreateKey(() => createPrivateKey({ key, format: 'jwk' }))
  if (privateKey !== undefined) return { privateKey, algorithm: alg, keyId: kid }
  if (kty === 'EC' && jwk['crv'] !== 'P-256') return OTHER_CURVE
  return 'is a JWK that cannot be read as a private key'
}

const OTHER_CURVE =
  'is on a curve that is not supported: it must be P-256 or Ed25519, or an RSA key'

/** The first is the default; a string says why there is none. */
function fittingAlgorithms(key: KeyObject): readonly SigningAlgorithm[] | string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  switch (type) {
    case 'rsa':
      return (details?.modulusLength ?? 0) < MIN_RSA_BITS
        ? `is an RSA key of less than ${MIN_RSA_BITS} bits`
        : ['RS256', 'PS256']
    case 'ec':
      return details?.namedCurve === 'prime256v1' ? ['ES256'] : OTHER_CURVE
    case 'ed25519':
      return ['EdDSA']
    default:
      return 'is a kind of key that is not supported: it must be RSA, EC on P-256, or Ed25519'
  }
}
