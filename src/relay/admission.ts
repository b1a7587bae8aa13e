import { canonicalPath } from '../policy/canonical-path.ts'
import type { RawHeaders } from '../raw-headers.ts'
import type { Refusal } from './refusal.ts'
import { REFUSALS } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import { readRequestHead } from './request-head.ts'

export type Admission =
  | { readonly kind: 'admitted'; readonly head: RequestHead; readonly path: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly closes: boolean }

/** A request's first line and fields, as Node has parsed them. */
export interface IncomingHead {
  readonly method: string
  readonly target: string
  /** `1.1` or `1.0`. */
  readonly httpVersion: string
  readonly rawHeaders: RawHeaders
}

/**
 * The one gate for ordinary requests and for upgrades: what policy cannot match safely, or what two parsers could read
 * differently, goes no further. `pseudonym` is our name in `Via`.
 */
export function admit(incoming: IncomingHead, pseudonym: string): Admission {
  const { method, target, httpVersion } = incoming
  // Node's parser takes 2.0 and 0.9 on a request line too, whose framing would be another.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return refused(REFUSALS.malformed, true)
  if (method === 'TRACE' || method === 'CONNECT') return refused(REFUSALS.method)
  if (incoming.rawHeaders.length > 2 * MAX_LINES) return refused(REFUSALS.headersTooLarge, true)
  const path = canonicalPath(target)
  if (path === undefined) return refused(REFUSALS.target)
  const head = readRequestHead(incoming.rawHeaders)
  const isHostMissing = head.hostCount === 0 && httpVersion !== '1.0'
  if (isHostMissing || head.hostCount > 1) return refused(REFUSALS.host, true)
  if (head.host !== undefined && !HOST.test(head.host)) return refused(REFUSALS.host, true)
  if (head.authorizationCount > 1) return refused(REFUSALS.authorization)
  if (!isFramedPlainly(head.transferEncoding, httpVersion)) return refused(REFUSALS.framing, true)
  if (!isCountable(head.contentLength)) return refused(REFUSALS.length, true)
  if (head.expect !== undefined && !CONTINUE.test(head.expect)) {
    return refused(REFUSALS.expectation)
  }
  if (head.via.some((value) => value.includes(pseudonym))) return refused(REFUSALS.loop)
  return { kind: 'admitted', head, path }
}

/** The one expectation that there is (RFC 9110 §10.1.1), also said twice. Node takes it for known wherever the word appears. */
const CONTINUE = /^100-continue(?:[ \t]*,[ \t]*100-continue)*$/i

/** Each line is two strings, and costs far more than its octets: 64 KiB hold 13 000. */
const MAX_LINES = 1_000

/** RFC 9112 §3.2: uri-host [ ":" port ] of RFC 3986, which may be empty. */
const HOST = /^(?:\[[\w.:~!$&'()*+,;=-]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/

/** Node takes `gzip, chunked` too, and would hand on bytes whose coding is lost; HTTP/1.0 has no codings (RFC 9112 §6.1). */
function isFramedPlainly(transferEncoding: string | undefined, httpVersion: string): boolean {
  if (transferEncoding === undefined) return true
  return httpVersion === '1.1' && transferEncoding.toLowerCase() === 'chunked'
}

/** Beyond it octets cannot be counted exactly, and whoever rounds sees another end of the body. Node takes 64 bits. */
function isCountable(contentLength: string | undefined): boolean {
  return contentLength === undefined || Number.isSafeInteger(Number(contentLength))
}

function refused(refusal: Refusal, closes = false): Admission {
  return { kind: 'refused', refusal, closes }
}
