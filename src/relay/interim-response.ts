import type { ServerResponse } from 'node:http'
import type { RawHeaders } from '../raw-headers.ts'

/**
 * Passes a 1xx head on as far as Node can write one: 102, and 103 with its links. 100 is answered by ourselves, and
 * 101 comes by another way. A link that Node does not accept is left out: the head is advice.
 */
export function writeInterim(res: ServerResponse, status: number, rawHeaders: RawHeaders): void {
  // HTTP/1.0 knows no 1xx: such a caller would take it for the answer (RFC 9110 §15.2).
  if (res.req.httpVersionMinor === 0) return
  if (status === 102) res.writeProcessing()
  if (status !== 103) return
  const links: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'link') links.push(rawHeaders[i + 1] ?? '')
  }
  try {
    if (links.length > 0) res.writeEarlyHints({ link: links })
  } catch {
    // Node's own check of the link's form; the final head still carries it.
  }
}
