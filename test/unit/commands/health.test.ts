import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import t from 'tap'
import { findAdminUrl } from '../../../src/commands/admin-url.ts'
import { health as askHealth } from '../../../src/commands/health.ts'

interface Test {
  teardown(run: () => unknown): void
}

const printed: string[] = []
const health = ({ adminUrl, timeoutMs }: { adminUrl: URL; timeoutMs: number }) => {
  printed.length = 0
  return askHealth({
    adminUrl,
    timeoutMs,
    print: (line) => printed.push(line),
    printError: (line) => printed.push(`error: ${line}`),
  })
}

async function listen(t: Test, listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
}

t.test('200 is healthy, and /healthz is what is asked', async (t) => {
  const asked: unknown[] = []
  const adminUrl = await listen(t, (request, response) => {
    asked.push([request.method, request.url])
    response.end('ok')
  })
  t.equal(await health({ adminUrl, timeoutMs: 60_000 }), 0)
  t.same(asked, [
    ['GET', '/healthz'],
    ['GET', '/readyz'],
  ])
  t.same(printed, ['ok'])
})

t.test('any other status is not', async (t) => {
  for (const status of [204, 302, 404, 503]) {
    const adminUrl = await listen(t, (_request, response) => void response.writeHead(status).end())
    t.equal(await health({ adminUrl, timeoutMs: 60_000 }), 1, String(status))
    t.match(printed, [
      /^error: scopelift health: nothing healthy answers at http.*healthz: does it run/,
    ])
  }
})

t.test('nobody there is not', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : ''
  server.close()
  await once(server, 'close')
  t.equal(await health({ adminUrl: new URL(`http://127.0.0.1:${port}`), timeoutMs: 60_000 }), 1)
})

t.test('a process that does not answer is not', async (t) => {
  const adminUrl = await listen(t, () => undefined)
  t.equal(await health({ adminUrl, timeoutMs: 20 }), 1)
})

t.test(
  'the address is that of ADMIN_HOST and ADMIN_PORT, and wildcards are asked at loopback',
  async (t) => {
    const rows = [
      [{}, 'http://127.0.0.1:8323/'],
      [{ ADMIN_PORT: ' 9000 ' }, 'http://127.0.0.1:9000/'],
      [{ ADMIN_HOST: '0.0.0.0' }, 'http://127.0.0.1:8323/'],
      [{ ADMIN_HOST: '::' }, 'http://[::1]:8323/'],
      [{ ADMIN_HOST: '::1' }, 'http://[::1]:8323/'],
      [{ ADMIN_HOST: 'localhost' }, 'http://localhost:8323/'],
      [{ ADMIN_PORT: '0' }, undefined],
      [{ ADMIN_PORT: 'x' }, undefined],
      [{ ADMIN_PORT: '70000' }, undefined],
      [{ ADMIN_HOST: 'a b' }, undefined],
    ] as const
    for (const [variables, url] of rows) {
      t.equal(findAdminUrl(new Map(Object.entries(variables)))?.href, url)
    }
  },
)

t.test('what readiness finds wrong is printed, a line each, and changes nothing', async (t) => {
  const adminUrl = await listen(t, (request, response) => {
    if (request.url === '/healthz') return void response.end('ok')
    response.writeHead(503)
    response.end('{"status":"degraded","problems":["one is wrong.","two is wrong."]}')
  })
  t.equal(await health({ adminUrl, timeoutMs: 60_000 }), 0)
  t.same(printed, ['one is wrong.', 'two is wrong.'])
})
