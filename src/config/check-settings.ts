import ipaddr from 'ipaddr.js'
import { isLoopback } from './base-url.ts'
import type { CheckedUrls } from './check-urls.ts'
import type { Endpoint } from './config.ts'
import type { Mistakes } from './mistakes.ts'
import type { SettingValues } from './settings-schema.ts'

/** What JSON schema cannot say: formats it does not know, and settings that contradict each other. */
export function checkSettings(values: SettingValues, urls: CheckedUrls, mistakes: Mistakes): void {
  if (!values.TRUSTED_PROXIES.every(isAddressOrRange)) {
    mistakes.add('TRUSTED_PROXIES', 'must be IP addresses or CIDR ranges, separated by spaces')
  }
  if (
    !mistakes.has('REPLAY_MAX_BYTES', 'REPLAY_TOTAL_BYTES') &&
    values.REPLAY_MAX_BYTES > values.REPLAY_TOTAL_BYTES
  ) {
    mistakes.add('REPLAY_MAX_BYTES', 'must not be more than REPLAY_TOTAL_BYTES')
  }
  const listen = { host: values.HOST, port: values.PORT }
  const admin = { host: values.ADMIN_HOST, port: values.ADMIN_PORT }
  if (!mistakes.has('HOST', 'PORT', 'ADMIN_HOST', 'ADMIN_PORT') && clash(listen, admin)) {
    mistakes.add('ADMIN_PORT', 'must not be the same as PORT on the same address')
  }
  if (!mistakes.has('UPSTREAM_URL', 'HOST', 'PORT') && leadsTo(urls.upstream, listen)) {
    mistakes.add('UPSTREAM_URL', 'must not lead back to PORT')
  }
  if (!mistakes.has('UPSTREAM_URL', 'ADMIN_HOST', 'ADMIN_PORT') && leadsTo(urls.upstream, admin)) {
    mistakes.add('UPSTREAM_URL', 'must not lead to ADMIN_PORT')
  }
}

/** All names of this machine's own address count as one: which of them a name means is known only when it is looked up. */
function leadsTo(url: URL, { host, port }: Endpoint): boolean {
  const standard = url.protocol === 'https:' ? 443 : 80
  if (Number(url.port || standard) !== port) return false
  const named = url.hostname.replace(/^\[|\]$/g, '')
  return isLoopback(url) || WILDCARDS.has(named) || named === host
}

/** Strict: ipaddr.js alone would take `10` for 0.0.0.10 and `010.0.0.1` for 8.0.0.1. */
function isAddressOrRange(text: string): boolean {
  const [address = ''] = text.split('/')
  const isAddress =
    ipaddr.IPv4.isValidFourPartDecimal(address) ||
    (ipaddr.IPv6.isValid(address) && !address.includes('%'))
  return isAddress && (address === text || ipaddr.isValidCIDR(text))
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

function clash(one: Endpoint, other: Endpoint): boolean {
  if (one.port === 0 || one.port !== other.port) return false
  const hosts = [one.host, other.host].map((host) => (host === 'localhost' ? '127.0.0.1' : host))
  return hosts[0] === hosts[1] || hosts.some((host) => WILDCARDS.has(host))
}
