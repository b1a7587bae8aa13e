import type { KeyObject } from 'node:crypto'
import { randomUUID } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { importJWK, SignJWT } from 'jose'
import type { ClientAuthentication } from './client-authentication.ts'
import { JWT_BEARER } from './client-authentication.ts'

export interface AssertionKey {
  readonly privateKey: KeyObject
  /** A JWS algorithm that fits the key. */
  readonly algorithm: string
  readonly keyId: string | undefined
}

export interface PrivateKeyJwtOptions {
  readonly clientId: string
  /** The realm's issuer, as it stands in tokens: the only audience that Keycloak takes besides its endpoints. */
  readonly issuer: string
  /** Read per use. */
  readonly key: () => AssertionKey
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Keycloak wants an assertion to be no older, whatever its `exp` says. */
const LIFETIME_S = 60

/**
 * Signs an assertion for each request (RFC 7523 §2.2, §3): Keycloak takes a `jti` once. It begins with the request id, since
 * Keycloak's events show it (`client_assertion_id`). `aud` is one string: Keycloak refuses a list of two.
 */
export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuthentication {
  const { clientId, issuer, now } = options
  const importKey = createKeyImport()
  return async (form, _headers, requestId) => {
    const { privateKey, algorithm, keyId } = options.key()
    const issuedAt = Math.floor(now() / 1000)
    const jti = requestId === undefined ? randomUUID() : `${requestId}.${randomUUID()}`
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti }
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_S)
      .sign(await importKey(privateKey, algorithm))
    form.set('client_id', clientId)
    form.set('client_assertion_type', JWT_BEARER)
    form.set('client_assertion', assertion)
    return undefined
  }
}

/** Imports a key once, and again when there is another. */
function createKeyImport(): (key: KeyObject, algorithm: string) => Promise<CryptoKey | Uint8Array> {
  let known: { key: KeyObject; imported: Promise<CryptoKey | Uint8Array> } | undefined
  return (key, algorithm) => {
    if (known?.key !== key) {
      known = { key, imported: importJWK({ ...key.export({ format: 'jwk' }) }, algorithm) }
    }
    return known.imported
  }
}
