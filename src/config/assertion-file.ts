import { parseJsonObject } from '../json-object.ts'
import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import { identifyFile, readBounded, toFileError } from './read-bounded.ts'

/** A service account token of Kubernetes has 1 to 2 KiB. */
export const MAX_ASSERTION_BYTES = 16_384

export interface Assertion {
  readonly token: Secret
  /** Milliseconds since the epoch, by its `exp`; 0 where there is none, which RFC 7523 §3 forbids. */
  readonly expiresAtMs: number
}

const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/**
 * A signed JWT in its compact form (RFC 7515 §3.1), less white space around it, and whole: a file that is being written may
 * end anywhere. Throws in words that hold nothing of the text.
 */
export function parseAssertion(text: string): Assertion {
  const assertion = text.trim()
  if (assertion === '') throw new Error('is empty')
  const [, header = '', payload = '', signature = ''] = COMPACT_JWS.exec(assertion) ?? []
  const { alg } = decodeObject(header) ?? {}
  const claims = decodeObject(payload)
  const signatureBytes = Buffer.from(signature, 'base64url').length
  if (typeof alg !== 'string' || claims === undefined || signatureBytes < leastBytes(alg)) {
    throw new Error('holds no signed JWT')
  }
  const { exp } = claims
  return { token: createSecret(assertion), expiresAtMs: typeof exp === 'number' ? exp * 1000 : 0 }
}

/** Reads the file as it is now. Rejects in words that follow the name of the setting, without path or content. */
export async function readAssertionFile(path: string): Promise<Assertion> {
  const text = await readText(path)
  return parseAssertion(text)
}

function decodeObject(part: string): Readonly<Record<string, unknown>> | undefined {
  return parseJsonObject(Buffer.from(part, 'base64url').toString('utf8'))
}

/** RFC 7518 §3.3–§3.5, RFC 8032 §5.1.6; an algorithm that we do not know has none. */
function leastBytes(algorithm: string): number {
  if (/^[RP]S\d/.test(algorithm)) return 256
  return LEAST_BYTES.get(algorithm) ?? 0
}

const LEAST_BYTES: ReadonlyMap<string, number> = new Map([
  ['ES256', 64],
  ['ES384', 96],
  ['ES512', 132],
  ['EdDSA', 64],
])

async function readText(path: string): Promise<string> {
  try {
    await identifyFile(path)
    return await readBounded(path, MAX_ASSERTION_BYTES)
  } catch (error) {
    throw toFileError(error)
  }
}
