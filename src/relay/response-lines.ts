import type { RawHeaders } from '../raw-headers.ts'
import { addNominated, HOP_BY_HOP, withoutNominated } from './hop-by-hop.ts'
import { privateCacheControl } from './private-cache-control.ts'

export interface ResponseHead {
  /** What the caller gets: the end-to-end lines as they came, then ours. */
  readonly lines: string[]
  /** In bytes; `undefined`: not known beforehand. */
  readonly contentLength: number | undefined
}

/**
 * Reads an upstream's head for the caller. `undefined`: its framing is not one that everybody reads the same way
 * (a Transfer-Encoding other than `chunked`), so the answer may not be passed on.
 */
export function readResponseHead(
  rawHeaders: RawHeaders,
  ours: {
    readonly via: string
    readonly outcome: string | undefined
    /** The answer was given to an issued token, which a cache in front has not seen (RFC 9111 §3.5). */
    readonly isIssued: boolean
  },
): ResponseHead | undefined {
  const lines: string[] = []
  let nominated: Set<string> | undefined
  let contentLength: number | undefined
  let cacheControl: string | undefined
  let isChunked = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const name = field.toLowerCase()
    if (name === 'connection') nominated = addNominated(value, nominated)
    if (name === 'transfer-encoding') {
      // Two lines are one list (RFC 9110 §5.3), and `chunked` may be applied only once (RFC 9112 §6.1).
      if (isChunked || value.trim().toLowerCase() !== 'chunked') return undefined
      isChunked = true
    }
    if (HOP_BY_HOP.has(name) || name === OUTCOME_FIELD) continue
    if (ours.isIssued && isTargetedCacheField(name)) continue
    if (name === 'content-length') contentLength = Number(value)
    if (name === 'cache-control' && ours.isIssued) {
      cacheControl = cacheControl === undefined ? value : `${cacheControl}, ${value}`
      continue
    }
    lines.push(field, value)
  }
  const kept = nominated === undefined ? lines : withoutNominated(lines, nominated)
  if (ours.isIssued) kept.push('cache-control', privateCacheControl(cacheControl))
  kept.push('via', ours.via)
  if (ours.outcome !== undefined) kept.push(OUTCOME_FIELD, ours.outcome)
  return { lines: kept, contentLength }
}

/** Fields that outrank Cache-Control at a cache of their kind (RFC 9213): `private` must not be undone by them. */
function isTargetedCacheField(name: string): boolean {
  return name.endsWith('-cache-control') || TARGETED.has(name)
}

/** Of older caches: Fastly and Varnish, nginx, Akamai. */
const TARGETED = new Set(['surrogate-control', 'x-accel-expires', 'edge-control'])

/** How the request ended, in one word; an upstream's own field of that name is removed. */
export const OUTCOME_FIELD = 'scopelift-outcome'
