import { readBodyHint } from './body-hint.ts'
import { readHeaderHint } from './header-hint.ts'
import type { Hint, RawHeaders } from './hint.ts'
import { readJsonBody } from './json-body.ts'
import { readChallenges } from './oauth-challenges.ts'

const NO_HINT: Hint = Object.freeze({
  kind: 'none',
  scopes: Object.freeze([]),
  mode: 'all',
  source: 'none',
  hasErrorCode: false,
})

/**
 * What a denial says about missing scopes: from its challenges, else from a JSON body of a known shape. All or nothing,
 * never by searching through text; never throws, whatever the bytes. A body over 64 KiB is not read.
 * Anything but a 401 or 403 is `none` (RFC 6750 §3.1, RFC 9110 §11.6.1).
 */
export function readHint(status: number, headers: RawHeaders, body: Uint8Array): Hint {
  if (status !== 401 && status !== 403) return NO_HINT
  const fromHeader = readHeaderHint(readChallenges(headers))
  if (fromHeader?.hasErrorCode === true) return fromHeader
  const json = readJsonBody(headers, body)
  const fromBody = json === undefined ? undefined : readBodyHint(status, json)
  return fromBody ?? fromHeader ?? NO_HINT
}
