import { compactVerify, decodeProtectedHeader } from 'jose'
import { LRUCache } from 'lru-cache'
import type { SubjectToken } from '../subject-token.ts'
import type { KeyLookup, KeyWanter, RealmKeys } from './realm-keys.ts'

export type Verification =
  | { readonly kind: 'good' }
  | { readonly kind: 'bad-signature' }
  | Exclude<KeyLookup, { kind: 'key' }>

export interface TokenVerifier {
  /** Once per token; good and bad are both remembered by digest. */
  verifySubject(subject: SubjectToken, signal: AbortSignal): Promise<Verification>
  /** Whether this token is known to be forged, without any I/O. */
  isForged(subject: SubjectToken): boolean
  /** Whether this token is known to be good, without any I/O. */
  isGood(subject: SubjectToken): boolean
  verifyIssued(token: string, signal: AbortSignal): Promise<Verification>
}

export interface TokenVerifierOptions {
  readonly keys: RealmKeys
  /** Digests remembered, least recently used out first. */
  readonly maxEntries: number
}

/** Asymmetric ones only (RFC 8725 §3.1): a realm's public key must never be taken for an HMAC secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].concat([
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])

/** Checks signatures against the realm's keys (RFC 7515 §5.2); claims are judged elsewhere. */
export function createTokenVerifier({ keys, maxEntries }: TokenVerifierOptions): TokenVerifier {
  const known = new LRUCache<string, 'good' | 'bad-signature'>({ max: maxEntries })

  return {
    async verifySubject(subject, signal) {
      const remembered = known.get(subject.digest)
      if (remembered !== undefined) return { kind: remembered }
      const verification = await verify(keys, subject.token.expose(), 'subject-token', signal)
      // An unknown key may become known: nothing is remembered of the token then.
      if (verification.kind === 'good' || verification.kind === 'bad-signature') {
        known.set(subject.digest, verification.kind)
      }
      return verification
    },
    isGood: (subject) => known.get(subject.digest) === 'good',
    isForged: (subject) => known.get(subject.digest) === 'bad-signature',
    verifyIssued: (token, signal) => verify(keys, token, 'issued-token', signal),
  }
}

async function verify(
  keys: RealmKeys,
  token: string,
  wanter: KeyWanter,
  signal: AbortSignal,
): Promise<Verification> {
  const header = readHeader(token)
  // Before any key is fetched: an unsigned token must cost Keycloak nothing.
  if (header?.alg === undefined || !ALGORITHMS.includes(header.alg)) {
    return { kind: 'bad-signature' }
  }
  const found = await keys.find(header, wanter, signal)
  if (found.kind !== 'key') return found
  try {
    await compactVerify(token, found.key, { algorithms: ALGORITHMS })
    return { kind: 'good' }
  } catch {
    return { kind: 'bad-signature' }
  }
}

function readHeader(token: string) {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return undefined
  }
}
