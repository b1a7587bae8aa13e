/** Field names and values alternately, in wire order, as latin-1 strings (Node's `rawHeaders`). */
export type RawHeaders = readonly string[]

/**
 * The lines of a head as a transport hands them over: undici gives octets, Node strings. Anything else reads as no lines,
 * and so does an odd list.
 */
export function readRawHeaders(lines: unknown): string[] {
  if (!Array.isArray(lines) || lines.length % 2 !== 0) return []
  const headers: string[] = []
  for (const line of lines) {
    headers.push(Buffer.isBuffer(line) ? line.toString('latin1') : String(line))
  }
  return headers
}
