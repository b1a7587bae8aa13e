import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { createCertificate } from '../support/certificates.ts'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'

async function startTlsUpstream(t: Test) {
  const { key, cert } = await createCertificate()
  const seen: (string | undefined)[] = []
  const server: Server = createServer({ key, cert }, (req, res) => {
    seen.push(req.headers.authorization)
    res.end('reached')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `https://127.0.0.1:${port}`, cert, seen }
}

t.test(
  'an upstream whose certificate nobody vouches for gets no request and no token: 502',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    const upstream = await startTlsUpstream(t)
    const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
    const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
    const answer = await fetch(scopelift.url, { headers: { authorization: `Bearer ${token}` } })
    t.equal(answer.status, 502)
    t.match(await answer.json(), { error: { code: 'upstream_unavailable' } })
    t.same(upstream.seen, [])
  },
)

t.test('CA_FILE vouches for it', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startTlsUpstream(t)
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-ca-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'ca.pem')
  writeFileSync(path, upstream.cert)
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { CA_FILE: path },
  })
  const answer = await fetch(scopelift.url, { headers: { authorization: 'Bearer x' } })
  t.equal(answer.status, 200)
  t.same(upstream.seen, ['Bearer x'])
})
