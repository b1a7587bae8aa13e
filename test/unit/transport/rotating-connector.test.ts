import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import { Agent } from 'undici'
import { probeConnection } from '../../../src/transport/probe-connection.ts'
import { createRotatingConnector } from '../../../src/transport/rotating-connector.ts'
import type { TestCertificate } from '../../support/certificates.ts'
import { createAuthority, createCertificate, issueCertificate } from '../../support/certificates.ts'
import { startMutualTlsServer } from '../../support/mutual-tls.ts'

const authority = await createAuthority()
const certificate = await issueCertificate(authority, 'server')

function contextWith(identity?: TestCertificate): SecureContext {
  return createSecureContext({ ca: authority.cert, ...identity })
}

async function build(t: Test, maxVersion: 'TLSv1.2' | 'TLSv1.3') {
  const peer = await startMutualTlsServer(t, {
    certificate,
    clientAuthority: authority.cert,
    maxVersion,
    // A connection for each request.
    handle: (_req, res) => void res.writeHead(200, { connection: 'close' }).end(),
  })
  let context = contextWith(await issueCertificate(authority, 'one'))
  const connect = createRotatingConnector({ timeoutMs: 5000, secureContext: () => context })
  const agent = new Agent({ connect })
  t.teardown(() => agent.destroy())
  return {
    peer,
    connect,
    async ask() {
      const { statusCode, body } = await agent.request({
        origin: peer.url,
        path: '/',
        method: 'GET',
      })
      await body.dump()
      return statusCode
    },
    show(next: SecureContext) {
      context = next
    },
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `a new certificate is shown on the next connection, resumed sessions or not: ${version}`,
    async (t) => {
      const { peer, ask, show } = await build(t, version)
      await ask()
      await ask()
      await ask()
      t.ok(peer.resumed > 0, 'sessions are resumed as long as the certificate is the same')
      show(contextWith(await issueCertificate(authority, 'two')))
      await ask()
      t.same(peer.names, ['one', 'one', 'one', 'two'])
    },
  )

  t.test(`a probe sees whether the peer takes our certificate: ${version}`, async (t) => {
    const { peer, connect, show } = await build(t, version)
    t.equal(await probeConnection(new URL(peer.url), connect), undefined)
    show(contextWith())
    t.match(await probeConnection(new URL(peer.url), connect), /ALERT|RESET|closed/i)
    const foreign = await createCertificate()
    show(contextWith(foreign))
    t.match(await probeConnection(new URL(peer.url), connect), /ALERT|RESET|closed/i)
    show(createSecureContext(await issueCertificate(authority, 'one')))
    t.match(await probeConnection(new URL(peer.url), connect), /CERT|SIGNATURE/)
  })
}

t.test('trust that is withdrawn counts for the next connection', async (t) => {
  const { peer, ask, show } = await build(t, 'TLSv1.3')
  await ask()
  show(createSecureContext({ ca: (await createAuthority()).cert }))
  await t.rejects(ask())
  t.equal(peer.names.length, 1)
})
