import { parseJsonObject } from '../json-object.ts'
import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import { identifyFile, readBounded, toFileError } from './read-bounded.ts'

/** A service account token of Kubernetes has 1 to 2 KiB. */
export const MAX_ASSERTION_BYTES = 16_384

const COMPACT_JWS = /^([\w-]+)\.[\w-]+\.[\w-]+$/

/** A signed JWT in its compact form (RFC 7515 §3.1), less white space around it. Throws in words that hold nothing of the text. */
export function parseAssertion(text: string): Secret {
  const assertion = text.trim()
  if (assertion === '') throw new Error('is empty')
  const [, header] = COMPACT_JWS.exec(assertion) ?? []
  const isJwt =
    header !== undefined &&
    parseJsonObject(Buffer.from(header, 'base64url').toString('utf8')) !== undefined
  if (!isJwt) throw new Error('holds no signed JWT')
  return createSecret(assertion)
}

/** Reads the file as it is now. Rejects in words that follow the name of the setting, without path or content. */
export async function readAssertionFile(path: string): Promise<Secret> {
  const text = await readText(path)
  return parseAssertion(text)
}

async function readText(path: string): Promise<string> {
  try {
    await identifyFile(path)
    return await readBounded(path, MAX_ASSERTION_BYTES)
  } catch (error) {
    throw toFileError(error)
  }
}
