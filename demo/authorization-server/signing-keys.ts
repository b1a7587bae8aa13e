import type { CryptoKey, JWK, JWTPayload } from 'jose'
import { calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Fields } from './json-fields.ts'
import { isFields } from './json-fields.ts'

/** The realm's RS256 keys: the newest signs, all that are not disabled verify. */
export interface SigningKeys {
  sign(payload: JWTPayload): Promise<string>
  /** The claims, or `undefined` where no enabled key made the signature. Times are not judged here. */
  verify(token: string): Promise<Fields | undefined>
  jwks(): { readonly keys: readonly JWK[] }
  /** Makes a new key, which signs at once; the old ones go on verifying. Returns its `kid`. */
  rotate(): Promise<string>
  /** Takes a key out of the set; without a `kid`, all but the newest. */
  disable(kid?: string): void
}

interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

export async function createSigningKeys(): Promise<SigningKeys> {
  let current = await createKey()
  const enabled = new Map([[current.kid, current]])
  const keyOf = ({ kid }: { kid?: string }) => {
    const key = enabled.get(kid ?? '')
    if (key === undefined) throw new RangeError('no enabled key has this kid')
    return key.publicKey
  }

  return {
    sign: (payload) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: current.kid })
        .sign(current.privateKey),
    async verify(token) {
      try {
        const { payload } = await compactVerify(token, keyOf, { algorithms: ['RS256'] })
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
        return isFields(claims) ? claims : undefined
      } catch {
        return undefined
      }
    },
    jwks: () => ({ keys: [...enabled.values()].map(({ jwk }) => jwk) }),
    async rotate() {
      current = await createKey()
      enabled.set(current.kid, current)
      return current.kid
    },
    disable(kid) {
      const gone = kid === undefined ? [...enabled.keys()].filter((k) => k !== current.kid) : [kid]
      for (const one of gone) enabled.delete(one)
    },
  }
}

async function createKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, publicKey, jwk: { ...jwk, kid, alg: 'RS256', use: 'sig' } }
}
