import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { parseJsonObject } from './json-object.ts'
import type { Secret } from './secret.ts'
import { createSecret } from './secret.ts'

/** What a token says of itself, decoded but not verified. `undefined` stands for a claim that is missing or has the wrong type. */
export interface TokenClaims {
  readonly iss: string | undefined
  readonly sub: string | undefined
  /** Seconds since the epoch (RFC 7519 §4.1.4). */
  readonly exp: number | undefined
  readonly aud: readonly string[]
  /** The `scope` claim, split at spaces (RFC 9068 §2.2.3). */
  readonly scopes: ReadonlySet<string>
  /** Whether the token is bound to a key (`cnf`, RFC 7800): Keycloak refuses to exchange such a token. */
  readonly isSenderConstrained: boolean
  /** The whole payload, for policies that read other claims. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** The caller's access token as it came in, with what can be read of it. */
export interface SubjectToken {
  readonly token: Secret
  /** SHA-256 of the whole token, base64url: the only form in which caches know it. */
  readonly digest: string
  /** `undefined` where the bearer is no JWT. */
  readonly claims: TokenClaims | undefined
}

/** RFC 9110 §11.1: the scheme is case-insensitive; RFC 6750 §2.1: the rest is one token68. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const MAX_DECODED_CHARACTERS = 65_536
const ENTRY_BYTES = 4096
/** What a value, a key or a scope costs beyond its characters; two marks stand for one of them at the most. */
const BYTES_A_MARK = 64

/** The bearer token of an `Authorization` field value, or `undefined` where it is another scheme or not a token68. */
export function readBearer(authorization: string): string | undefined {
  return BEARER.exec(authorization)?.[1]
}

export interface SubjectTokenReaderOptions {
  /** Tokens remembered, least recently used out first; one that weighs more than 4 KiB in memory counts as several. */
  readonly maxEntries: number
}

/**
 * Makes a reader that decodes each token once and remembers it under its digest.
 * A token over 65 536 characters is neither decoded nor remembered: its claims are `undefined`.
 */
export function createSubjectTokenReader(
  options: SubjectTokenReaderOptions,
): (authorization: string) => SubjectToken | undefined {
  const known = new LRUCache<string, SubjectToken>({
    max: options.maxEntries,
    maxSize: options.maxEntries * ENTRY_BYTES,
  })
  return (authorization) => {
    const token = readBearer(authorization)
    if (token === undefined) return undefined
    const digest = hash('sha256', token, 'base64url')
    const remembered = known.get(digest)
    if (remembered !== undefined) return remembered
    const isDecoded = token.length <= MAX_DECODED_CHARACTERS
    const claims = isDecoded ? parseTokenClaims(token) : undefined
    const subject: SubjectToken = Object.freeze({ token: createSecret(token), digest, claims })
    if (isDecoded) known.set(digest, subject, { size: weighToken(token) })
    return subject
  }
}

/**
 * About how many bytes a decoded token keeps, in any case not far fewer: 40 000 empty objects fit in 64 KiB of token, and
 * anybody can send them. Counted by the marks that begin a value, and the spaces between scopes.
 */
function weighToken(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url')
  let marks = 0
  for (const octet of payload) if (MARKS.has(octet)) marks += 1
  return token.length + payload.length + marks * BYTES_A_MARK
}

const MARKS: ReadonlySet<number> = new Set(Buffer.from('{[:, '))

/** The claims of a JWT in compact form (RFC 7519 §7.2), unverified; `undefined` where it is none. */
export function parseTokenClaims(token: string): TokenClaims | undefined {
  const segments = token.split('.')
  if (segments.length !== 3) return undefined
  const [header, payload, signature] = segments.map(decodeSegment)
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  const { alg } = parseJsonObject(header.toString('utf8')) ?? {}
  const claims = parseJsonObject(payload.toString('utf8'))
  return typeof alg === 'string' && claims !== undefined ? readClaims(claims) : undefined
}

/** RFC 7515 §2: not padded. Nor with other unused bits than zeros, or one genuine token could be spelled in many ways. */
function decodeSegment(segment: string): Buffer | undefined {
  const octets = Buffer.from(segment, 'base64url')
  return octets.toString('base64url') === segment ? octets : undefined
}

function readClaims(payload: Readonly<Record<string, unknown>>): TokenClaims {
  const { iss, sub, exp, aud, scope, cnf } = payload
  return Object.freeze({
    iss: readText(iss),
    sub: readText(sub),
    exp: readSeconds(exp),
    aud: readAudience(aud),
    scopes: readScopes(scope),
    isSenderConstrained: cnf !== undefined && cnf !== null,
    payload,
  })
}

function readScopes(value: unknown): ReadonlySet<string> {
  return new Set(readText(value)?.split(' ').filter(Boolean))
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readSeconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** RFC 7519 §4.1.3: one string or an array of strings. */
function readAudience(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((entry) => typeof entry === 'string')
}
