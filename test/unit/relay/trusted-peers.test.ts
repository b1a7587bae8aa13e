import t from 'tap'
import { createTrustedPeers } from '../../../src/relay/trusted-peers.ts'

t.test('nobody is trusted unless the operator says so', async (t) => {
  t.equal(createTrustedPeers([])('127.0.0.1'), false)
})

t.test('addresses and ranges are matched in either family', async (t) => {
  const isTrusted = createTrustedPeers([
    ...['10.1.0.0/16', '192.0.2.7', '2001:db8::/32', '::1', '::ffff:198.51.100.1'],
  ])
  const table: [address: string, trusted: boolean][] = [
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['::ffff:10.1.0.1', true],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:1::5', true],
    ['2001:db9::', false],
    ['::1', true],
    ['::2', false],
    ['198.51.100.1', true],
    ['::ffff:198.51.100.1', true],
    ['', false],
    ['localhost', false],
  ]
  for (const [address, trusted] of table) {
    t.equal(isTrusted(address), trusted, address)
    t.equal(isTrusted(address), trusted, `${address}, remembered`)
  }
})
