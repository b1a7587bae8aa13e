import { parseJsonObject } from '../json-object.ts'
import { fieldValues } from './field-values.ts'
import type { RawHeaders } from './hint.ts'
import { hasRepeatedName } from './repeated-name.ts'

/** The body of a denial, where it is of a kind that may speak at all. */
export interface JsonBody {
  readonly mediaType: 'json' | 'problem+json'
  readonly members: Readonly<Record<string, unknown>>
}

/** A larger denial is not read (hints.md 6). */
export const MAX_DENIAL_BYTES = 65_536

// A comma would make the field a list of media types, of which nobody knows which one counts.
const JSON_TYPE = /^application\/(problem\+)?json[\t ]*(?:;[^,]*)?$/i

/** RFC 8259 §8.1: JSON on the wire is UTF-8 whatever a charset says, and a byte order mark must not stand before it. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The JSON object in a body of at most 64 KiB, parsed once; `undefined` for everything else: another content type or two
 * of them, any Content-Encoding (nothing is inflated), invalid UTF-8, another JSON value, a name that stands twice.
 */
export function readJsonBody(headers: RawHeaders, body: Uint8Array): JsonBody | undefined {
  const mediaType = readMediaType(fieldValues(headers, 'content-type'))
  if (mediaType === undefined || fieldValues(headers, 'content-encoding').length > 0)
    return undefined
  if (body.byteLength > MAX_DENIAL_BYTES) return undefined
  const text = decode(body)
  const members = text === undefined ? undefined : parseJsonObject(text)
  // RFC 8259 §4: which of two equal names counts is up to the reader, so neither does.
  if (text === undefined || members === undefined || hasRepeatedName(text)) return undefined
  return { mediaType, members }
}

function readMediaType(contentTypes: readonly string[]): JsonBody['mediaType'] | undefined {
  const [contentType, ...others] = contentTypes
  if (contentType === undefined || others.length > 0) return undefined
  const match = JSON_TYPE.exec(contentType)
  if (match === null) return undefined
  return match[1] === undefined ? 'json' : 'problem+json'
}

function decode(body: Uint8Array): string | undefined {
  try {
    return UTF_8.decode(body)
  } catch {
    return undefined
  }
}
