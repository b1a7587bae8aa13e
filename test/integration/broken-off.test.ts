import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { startScopelift } from '../support/scopelift.ts'

async function ask(t: Test, bytes: string): Promise<string> {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startRawUpstream(t, () => ({ bytes }))
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice' })
  const head = `GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
  return exchangeRaw(scopelift.url, head)
}

t.test('a denial that breaks off reaches the caller as far as it came, then the end', async (t) => {
  const answer = await ask(t, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf a den')
  t.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/)
  t.match(answer, /\r\nscopelift-outcome: upstream-unavailable\r\n/i)
  t.ok(answer.endsWith('\r\n\r\nhalf a den'))
})

t.test('an answer that ends with its last packet is passed on to its last byte', async (t) => {
  const answer = await ask(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf an ans')
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.ok(answer.endsWith('\r\n\r\nhalf an ans'))
})
