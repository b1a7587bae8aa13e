import { createServer } from 'node:https'
import { generate } from 'selfsigned'
import type { Test } from 'tap'
import t from 'tap'
import { createAuthority, createCertificate, issueCertificate } from '../support/certificates.ts'
import { findWrong, refuse } from '../support/doctor.ts'
import { createFolder } from '../support/files.ts'
import { startMutualTlsServer } from '../support/mutual-tls.ts'
import { startUpstream } from '../support/upstream.ts'

t.test('what stands in the way of TLS is told apart, for both peers', async (t) => {
  const certificate = await createCertificate()
  const url = await startTls(t, certificate)
  const authority = await createAuthority()
  const mutual = await startMutualTlsServer(t, {
    certificate: await issueCertificate(authority, 'server'),
    clientAuthority: authority.cert,
    handle: (_request, response) => void response.end(),
    maxVersion: 'TLSv1.2',
  })
  const plain = (await startUpstream(t, refuse)).url.replace('http:', 'https:')
  const folder = createFolder(t)
  folder.write({ 'own.pem': certificate.cert, 'authority.pem': authority.cert })
  const own = { CA_FILE: folder.path('own.pem') }
  const rows = [
    [url, {}, 'certificate-untrusted'],
    [url.replace('127.0.0.1', '127.0.0.2'), own, 'certificate-invalid'],
    [plain, {}, 'without-tls'],
    [mutual.url, { CA_FILE: folder.path('authority.pem') }, 'wants-client-certificate'],
  ] as const
  for (const [peer, env, failure] of rows) {
    const upstream = await findWrong(t, { env: () => ({ ...env, UPSTREAM_URL: peer }) })
    t.same(upstream.ids, [`upstream-${failure}`])
    const keycloak = await findWrong(t, { env: () => ({ ...env, KEYCLOAK_SERVER_URL: peer }) })
    t.same(keycloak.ids, [`keycloak-${failure}`, 'client-untested'])
  }
  const trusted = await findWrong(t, { env: () => ({ ...own, UPSTREAM_URL: url }) })
  t.same(trusted.ids, [])
})

t.test('a client certificate that is missing or refused is named over TLS 1.3 too', async (t) => {
  const authority = await createAuthority()
  const mutual = await startMutualTlsServer(t, {
    certificate: await issueCertificate(authority, 'server'),
    clientAuthority: authority.cert,
    handle: (_request, response) => void response.writeHead(401).end(),
    maxVersion: 'TLSv1.3',
  })
  const folder = createFolder(t)
  folder.write({ 'authority.pem': authority.cert })
  const settings = (peer: string, { cert, key }: { cert: string; key: string }) => {
    folder.write({ 'cert.pem': cert, 'key.pem': key })
    return {
      [`${peer}_TLS_CERT_FILE`]: folder.path('cert.pem'),
      [`${peer}_TLS_KEY_FILE`]: folder.path('key.pem'),
    }
  }
  const own = { CA_FILE: folder.path('authority.pem') }
  const rogue = await issueCertificate(await createAuthority('Rogue'), 'rogue')
  const expired = await issueExpired(authority)
  const rows = [
    [undefined, 'wants-client-certificate'],
    [rogue, 'refuses-client-certificate'],
    [expired, 'refuses-client-certificate'],
  ] as const
  for (const [identity, failure] of rows) {
    const certificateOf = (peer: string) => (identity === undefined ? {} : settings(peer, identity))
    const upstream = await findWrong(t, {
      env: () => ({ ...own, ...certificateOf('UPSTREAM'), UPSTREAM_URL: mutual.url }),
    })
    t.same(withoutDoubts(upstream.ids), [`upstream-${failure}`])
    const keycloak = await findWrong(t, {
      env: () => ({ ...own, ...certificateOf('KEYCLOAK'), KEYCLOAK_SERVER_URL: mutual.url }),
    })
    t.same(withoutDoubts(keycloak.ids), [`keycloak-${failure}`, 'client-untested'])
  }
  const good = await issueCertificate(authority, 'good')
  const trusted = await findWrong(t, {
    env: () => ({ ...own, ...settings('UPSTREAM', good), UPSTREAM_URL: mutual.url }),
  })
  t.same(trusted.ids, [])
})

t.test('a port that speaks TLS and is called without is named', async (t) => {
  const url = (await startTls(t, await createCertificate())).replace('https:', 'http:')
  const upstream = await findWrong(t, { env: () => ({ UPSTREAM_URL: url }) })
  t.same(upstream.ids, ['upstream-with-tls'])
  const keycloak = await findWrong(t, { env: () => ({ KEYCLOAK_SERVER_URL: url }) })
  t.same(keycloak.ids, ['keycloak-with-tls', 'client-untested'])
})

/** Of an expired certificate the settings are doubtful too. */
function withoutDoubts(ids: readonly string[]): readonly string[] {
  return ids.filter((id) => id !== 'setting-doubtful')
}

async function issueExpired(authority: { key: string; cert: string }) {
  const day = 86_400_000
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'late' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: authority,
    notBeforeDate: new Date(Date.now() - 2 * day),
    notAfterDate: new Date(Date.now() - day),
    extensions: [{ name: 'extKeyUsage', clientAuth: true }],
  })
  return { key, cert }
}

async function startTls(t: Test, certificate: { key: string; cert: string }): Promise<string> {
  const server = createServer(certificate, refuse)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
