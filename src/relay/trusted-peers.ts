import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

const MAX_REMEMBERED_ADDRESSES = 1_000

/** Whether a peer's address is among TRUSTED_PROXIES: addresses or CIDR ranges, checked when the settings were read. */
export function createTrustedPeers(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false
  const networks = ranges.map((range) =>
    range.includes('/') ? ipaddr.parseCIDR(range) : singleAddress(range),
  )
  const remembered = new LRUCache<string, boolean>({ max: MAX_REMEMBERED_ADDRESSES })
  return function isTrusted(address) {
    let isMember = remembered.get(address)
    if (isMember === undefined) {
      isMember = isInside(address, networks)
      remembered.set(address, isMember)
    }
    return isMember
  }
}

type Network = ReturnType<typeof ipaddr.parseCIDR>

function singleAddress(text: string): Network {
  const address = ipaddr.process(text)
  return address.kind() === 'ipv4' ? [address, 32] : [address, 128]
}

function isInside(text: string, networks: readonly Network[]): boolean {
  if (!ipaddr.isValid(text)) return false
  // A dual-stack listener reports IPv4 peers as ::ffff:a.b.c.d.
  const address = ipaddr.process(text)
  return networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  )
}
