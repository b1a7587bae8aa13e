import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import type { AdminServerOptions } from '../../../src/observability/admin-server.ts'
import { createAdminServer } from '../../../src/observability/admin-server.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

interface Test {
  teardown(run: () => unknown): void
}

async function start(t: Test, options: Partial<AdminServerOptions> = {}) {
  const server = createAdminServer({
    host: '127.0.0.1',
    port: 0,
    readiness: async () => ({ status: 'ok', problems: [], isReady: true }),
    metrics: createMetrics(),
    ...options,
  })
  const { port } = await server.listen()
  t.teardown(() => server.close())
  return { server, port, url: `http://127.0.0.1:${port}` }
}

t.test('/healthz says that the process lives', async (t) => {
  const { url } = await start(t)
  const response = await fetch(`${url}/healthz`)
  t.equal(response.status, 200)
  t.equal(await response.text(), 'ok\n')
  t.equal(response.headers.get('cache-control'), 'no-store')
})

t.test('/readyz tells the problems and is 200 while it can forward', async (t) => {
  const report = { status: 'degraded', problems: ['the client secret is wrong'] } as const
  const { url } = await start(t, { readiness: async () => ({ ...report, isReady: true }) })
  const response = await fetch(`${url}/readyz`)
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'application/json')
  t.same(await response.json(), report)
})

t.test(
  '/readyz masks a token: a problem names the scopes that an upstream has named',
  async (t) => {
    const problems = ["Keycloak refuses the scopes 'llama:eyJhbGciOiJ.eyJzdWIiOiJh'"]
    const { url } = await start(t, {
      readiness: async () => ({ status: 'degraded', problems, isReady: true }),
    })
    t.match(await (await fetch(`${url}/readyz`)).text(), "scopes 'llama:[token]'")
  },
)

t.test('/readyz is 503 when a required peer is missing', async (t) => {
  const report = { status: 'degraded', problems: ['no Keycloak'], isReady: false } as const
  const { url } = await start(t, { readiness: async () => report })
  const response = await fetch(`${url}/readyz?verbose`)
  t.equal(response.status, 503)
  t.same(await response.json(), { status: 'degraded', problems: ['no Keycloak'] })
})

t.test("/metrics is Prometheus' text", async (t) => {
  const { url } = await start(t)
  const response = await fetch(`${url}/metrics`)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.match(await response.text(), /^scopelift_requests_total\{outcome="forwarded"\} 0$/m)
})

t.test('metrics that cannot be read are a 500 without details', async (t) => {
  const render = async () => Promise.reject(new Error('private'))
  const { url } = await start(t, { metrics: { contentType: 'text/plain', render } })
  const response = await fetch(`${url}/metrics`)
  t.equal(response.status, 500)
  t.notMatch(await response.text(), /private/)
})

t.test('anything else is 404, other methods are 405, and HEAD has no body', async (t) => {
  const { url } = await start(t)
  for (const path of ['/', '/healthz/', '/HEALTHZ', '/debug', '/metrics/x', '//healthz']) {
    t.equal((await fetch(`${url}${path}`)).status, 404, path)
  }
  for (const method of ['POST', 'DELETE', 'OPTIONS']) {
    const response = await fetch(`${url}/healthz`, { method })
    t.equal(response.status, 405, method)
    t.equal(response.headers.get('allow'), 'GET, HEAD')
  }
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers.get('content-length'), '3')
  t.equal(await head.text(), '')
})

t.test('a header over 8 KiB is refused', async (t) => {
  const { url } = await start(t)
  const response = await fetch(`${url}/healthz`, { headers: { 'x-big': 'a'.repeat(9000) } })
  t.equal(response.status, 431)
})

t.test('a port that is taken rejects with its code', async (t) => {
  const { port } = await start(t)
  await t.rejects(start(t, { port }), { code: 'EADDRINUSE' })
})

t.test('close does not wait for idle connections or for ones that never ask', async (t) => {
  const { server, port, url } = await start(t)
  await (await fetch(`${url}/healthz`)).text()
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'connect')
  silent.write('GET /hea')
  await server.close()
  silent.destroy()
  await t.rejects(fetch(`${url}/healthz`))
})

/** Connections that are accepted and never ask. */
async function openSilent(t: Test, port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
  }
}

t.test('however many silent connections there are, /healthz answers', async (t) => {
  const { url, port } = await start(t)
  for (const count of [64, 36]) {
    await openSilent(t, port, count)
    t.equal((await fetch(`${url}/healthz`)).status, 200)
  }
})

t.test('of many connections the ones with a request under way stay', async (t) => {
  const asked: (() => void)[] = []
  const { url, port } = await start(t, {
    readiness: () =>
      new Promise((resolve) => {
        asked.push(() => resolve({ status: 'ok', problems: [], isReady: true }))
      }),
  })
  const answer = fetch(`${url}/readyz`)
  while (asked.length === 0) await new Promise(setImmediate)
  await openSilent(t, port, 80)
  for (const finish of asked) finish()
  t.equal((await answer).status, 200)
})

t.test('where all have a request under way the oldest gives way', async (t) => {
  let asked = 0
  const { url } = await start(t, {
    readiness: () => {
      asked += 1
      return new Promise(() => {})
    },
  })
  const stuck: Promise<unknown>[] = []
  for (let i = 0; i < 64; i += 1) {
    stuck.push(fetch(`${url}/readyz`).catch(() => 'cut'))
    while (asked < stuck.length) await new Promise(setImmediate)
  }
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  t.equal(await stuck[0], 'cut')
})

t.test('an answer under way is finished on close', async (t) => {
  let release: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    release = resolve
  })
  let finish: (() => void) | undefined
  const { server, url } = await start(t, {
    readiness: () => {
      release?.()
      return new Promise((resolve) => {
        finish = () => resolve({ status: 'ok', problems: [], isReady: true })
      })
    },
  })
  const answer = fetch(`${url}/readyz`)
  await asked
  const closed = server.close()
  finish?.()
  t.equal((await answer).status, 200)
  await closed
})

t.test('closing what never listened, or twice, is harmless', async (t) => {
  const { server } = await start(t)
  await server.close()
  await server.close()
  const readiness = async () => ({ status: 'ok', problems: [], isReady: true }) as const
  await createAdminServer({ host: '::1', port: 0, readiness, metrics: createMetrics() }).close()
  t.ok(true)
})
