import type { ServerResponse } from 'node:http'
import type { RawHeaders } from '../raw-headers.ts'

/** Passes 1xx heads on to one caller. */
export interface InterimResponses {
  write(status: number, rawHeaders: RawHeaders): void
}

/** More is a flood: interim heads are advice, and nothing slows down whoever sends them. */
const MAX_HEADS = 8
const MAX_LINK_CHARACTERS = 1_024

/**
 * A `Link` (RFC 8288 §3) in a form that Node's own check is sure to take. That check backtracks without bound on others,
 * so it must not see what an upstream has made of somebody's text.
 */
const LINK = /^<[^<>\s]*>(?:[ \t]*;[ \t]*[^;"=\s]+(?:=(?:"[^;"=\s]*"|[^;"=\s]*))?)*$/

/**
 * Passes on what Node can write: 102, and 103 with its links; 8 heads at most. 100 is answered by ourselves, 101 comes
 * by another way. Whatever is left out is advice that the final head still carries.
 */
export function createInterimResponses(res: ServerResponse): InterimResponses {
  let heads = 0
  return {
    write(status, rawHeaders) {
      // HTTP/1.0 knows no 1xx: such a caller would take it for the answer (RFC 9110 §15.2).
      if (res.req.httpVersionMinor === 0 || heads === MAX_HEADS) return
      heads += 1
      if (status === 102) res.writeProcessing()
      if (status === 103) writeLinks(res, rawHeaders)
    },
  }
}

function writeLinks(res: ServerResponse, rawHeaders: RawHeaders): void {
  const links: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] ?? ''
    if (rawHeaders[i]?.toLowerCase() === 'link' && isPlainLink(value)) links.push(value)
  }
  if (links.length > 0) res.writeEarlyHints({ link: links })
}

function isPlainLink(value: string): boolean {
  return value.length <= MAX_LINK_CHARACTERS && LINK.test(value)
}
