import type { RawHeaders } from '../raw-headers.ts'
import { addNominated, HOP_BY_HOP, withoutNominated } from './hop-by-hop.ts'

/** A request's head, read once: the end-to-end lines as they came, and what the relay itself must know. */
export interface RequestHead {
  /** Lines for the upstream, alternately names and values; hop-by-hop, forwarding and Host lines are not among them. */
  readonly lines: string[]
  /** `Forwarded` and `X-Forwarded-*` lines, for peers that may send them. */
  readonly forwardingLines: readonly string[]
  readonly authorization: string | undefined
  readonly authorizationCount: number
  readonly host: string | undefined
  readonly hostCount: number
  readonly transferEncoding: string | undefined
  /** Node's parser has checked it: digits, and not beside Transfer-Encoding. */
  readonly contentLength: string | undefined
  /** Lines joined by commas (RFC 9110 §5.3). */
  readonly expect: string | undefined
  /** Values of `Via`, each as it came. */
  readonly via: readonly string[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function readRequestHead(rawHeaders: RawHeaders): RequestHead {
  const lines: string[] = []
  const forwardingLines: string[] = []
  const via: string[] = []
  let nominated: Set<string> | undefined
  const head: Mutable<RequestHead> = {
    lines,
    forwardingLines,
    authorization: undefined,
    authorizationCount: 0,
    host: undefined,
    hostCount: 0,
    transferEncoding: undefined,
    contentLength: undefined,
    expect: undefined,
    via,
  }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const name = field.toLowerCase()
    switch (name) {
      case 'host':
        head.host ??= value
        head.hostCount += 1
        continue
      case 'authorization':
        head.authorization ??= value
        head.authorizationCount += 1
        break
      case 'connection':
        nominated = addNominated(value, nominated)
        continue
      case 'transfer-encoding':
        head.transferEncoding =
          head.transferEncoding === undefined ? value : `${head.transferEncoding}, ${value}`
        continue
      case 'expect':
        head.expect = head.expect === undefined ? value : `${head.expect}, ${value}`
        continue
      case 'content-length':
        head.contentLength = value
        break
      case 'via':
        via.push(value)
        break
      default:
        if (HOP_BY_HOP.has(name)) continue
        if (isForwarding(name)) {
          forwardingLines.push(field, value)
          continue
        }
    }
    lines.push(field, value)
  }
  if (nominated !== undefined) head.lines = withoutNominated(lines, nominated)
  return head
}

/** Also with underscores: some servers read `X_Forwarded_User` and `X-Forwarded-User` as one. */
function isForwarding(name: string): boolean {
  const first = name.charCodeAt(0)
  if (first !== 0x78 && first !== 0x66) return false
  const dashed = name.includes('_') ? name.replaceAll('_', '-') : name
  return dashed === 'forwarded' || dashed.startsWith('x-forwarded-')
}
