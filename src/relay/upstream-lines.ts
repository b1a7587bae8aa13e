import type { RequestHead } from './request-head.ts'

/** Who is at the other end of the caller's connection. */
export interface Peer {
  readonly address: string
  /** Whether its forwarding fields are kept (TRUSTED_PROXIES). */
  readonly isTrusted: boolean
}

/** The header lines for the upstream: the caller's end-to-end lines, then `Via` and the forwarding fields (RFC 9110 §7.6.3). */
export function upstreamLines(head: RequestHead, peer: Peer, pseudonym: string): string[] {
  const lines = head.lines
  lines.push('via', `1.1 ${pseudonym}`)
  const kept = peer.isTrusted ? keepForwarding(lines, head.forwardingLines) : NOTHING_KEPT
  lines.push(
    'x-forwarded-for',
    kept.forwardedFor === undefined ? peer.address : `${kept.forwardedFor}, ${peer.address}`,
  )
  if (!kept.hasHost && head.host !== undefined) lines.push('x-forwarded-host', head.host)
  if (!kept.hasProto) lines.push('x-forwarded-proto', 'http')
  return lines
}

interface Kept {
  readonly forwardedFor: string | undefined
  readonly hasHost: boolean
  readonly hasProto: boolean
}

const NOTHING_KEPT: Kept = { forwardedFor: undefined, hasHost: false, hasProto: false }

function keepForwarding(lines: string[], forwardingLines: readonly string[]): Kept {
  const forwardedFor: string[] = []
  let hasHost = false
  let hasProto = false
  for (let i = 0; i < forwardingLines.length; i += 2) {
    const field = forwardingLines[i] ?? ''
    const value = forwardingLines[i + 1] ?? ''
    const name = field.toLowerCase()
    if (name === 'x-forwarded-for') {
      forwardedFor.push(value)
      continue
    }
    // A name with an underscore is nobody's honest field: some servers read it as the one with a dash.
    if (name.includes('_')) continue
    if (name === 'x-forwarded-host') hasHost = true
    if (name === 'x-forwarded-proto') hasProto = true
    lines.push(field, value)
  }
  return {
    forwardedFor: forwardedFor.length === 0 ? undefined : forwardedFor.join(', '),
    hasHost,
    hasProto,
  }
}
