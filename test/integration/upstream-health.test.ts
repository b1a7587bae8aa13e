import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import { startUpstream } from '../support/upstream.ts'

async function readiness(scopelift: RunningScopelift): Promise<unknown> {
  return (await fetch(`${scopelift.adminUrl}/readyz`)).json()
}

async function until(isMet: () => Promise<boolean>): Promise<void> {
  while (!(await isMet())) await new Promise((resolve) => setTimeout(resolve, 50))
}

t.test('a wrong UPSTREAM_URL is named before the first request, with its remedy', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const scopelift = await startScopelift(t, {
    upstreamUrl: 'http://127.0.0.1:1',
    authorizationServer,
  })
  await until(async () => JSON.stringify(await readiness(scopelift)).includes('UPSTREAM_URL'))
  t.match(await readiness(scopelift), {
    status: 'degraded',
    problems: [/^The upstream does not answer at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\): check/],
  })
})

t.test(
  'an upstream that goes away is a problem, and none when it is back; it is asked for nothing',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    const upstream = await startUpstream(t, (_req, res) => void res.end('ok'))
    const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
    await (await fetch(scopelift.url)).text()
    t.match(await readiness(scopelift), { status: 'ok', problems: [] })
    await upstream.close()
    t.equal((await fetch(scopelift.url)).status, 502)
    t.match(await readiness(scopelift), { status: 'degraded', problems: [/ECONN|UND_ERR_SOCKET/] })
    const again = await startUpstream(t, (_req, res) => void res.end('ok'), upstream.port)
    await until(async () => JSON.stringify(await readiness(scopelift)).includes('"ok"'))
    t.equal(again.requests.length, 0, 'a connection was enough')
  },
)

t.test('an upstream whose answer is no valid HTTP, or late, is not said to be away', async (t) => {
  const authorizationServer = await startDemoRealm(t)
  const answers: Record<string, string> = {
    '/ambiguous': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    '/broken': 'HTTP/one OK\r\n\r\n',
  }
  const upstream = await startRawUpstream(t, (head) => {
    const bytes = answers[head.split(' ')[1] ?? '']
    return bytes === undefined ? { bytes: '', closes: false } : { bytes }
  })
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { UPSTREAM_HEADERS_TIMEOUT_MS: '500' },
  })
  for (const [path, status] of [
    ['/ambiguous', 502],
    ['/broken', 502],
    ['/late', 504],
  ] as const) {
    t.equal((await fetch(`${scopelift.url}${path}`)).status, status, path)
    t.same(await readiness(scopelift), { status: 'ok', problems: [] }, path)
  }
})
