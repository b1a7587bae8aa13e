import ipaddr from 'ipaddr.js'

export type ParsedUrl =
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'mistake'; readonly reason: string }

/** Parses an http or https URL that names a server and perhaps a path: no query, fragment or userinfo. */
export function parseBaseUrl(text: string): ParsedUrl {
  // `new URL` repairs what an operator mistyped (backslashes, inner line breaks, `http:host`): that is refused here.
  if (!/^https?:\/\/[^/?#]/i.test(text) || /[\s\\]/.test(text)) {
    return mistake('must be an http:// or https:// URL')
  }
  if (text.includes('?')) return mistake('must not have a query')
  if (text.includes('#')) return mistake('must not have a fragment')
  if (/^https?:\/\/[^/]*@/i.test(text)) return mistake('must not hold a user name or password')
  if (!URL.canParse(text)) return mistake('must be an http:// or https:// URL')
  return { kind: 'url', url: new URL(text) }
}

/** Whether the host is this machine: `localhost`, `*.localhost` (RFC 6761 §6.3), 127.0.0.0/8 or ::1. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback'
}

function mistake(reason: string): ParsedUrl {
  return { kind: 'mistake', reason }
}
