import { loadConfig } from '../../../src/config/load-config.ts'
import type { Check, Line } from '../check.ts'
import { atTarget, inLab, withAdmin, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat, expectWithout } from '../expect.ts'
import { headOf, openWire, send } from '../wire.ts'

const PAGES = ['/healthz', '/readyz', '/metrics']

/** What other intermediaries take for a health check or a rewrite. */
const DISGUISES: Readonly<Record<string, readonly string[]>> = {
  'X-Original-URL': ['X-Original-URL: /metrics'],
  'X-Rewrite-URL': ['X-Rewrite-URL: /metrics'],
  'X-Forwarded-Path': ['X-Forwarded-Path: /healthz', 'X-Forwarded-Prefix: /metrics'],
  'X-Health-Check': ['X-Health-Check: 1', 'X-Healthcheck: true'],
  'X-Forwarded-Host of the admin': ['X-Forwarded-Host: 127.0.0.1:8323', 'X-Forwarded-Port: 8323'],
  'X-HTTP-Method-Override': ['X-HTTP-Method-Override: TRACE', 'X-Method-Override: TRACE'],
}

export const adminSurface: Line = {
  id: 'T16',
  topic: 'the admin surface',
  rule: 'a listener of its own, on loopback by default, without tokens; no header of a proxied request leads there',
  checks: [
    ...PAGES.map((page) =>
      atTarget(`${page} of the relayed port is not the admin’s`, async ({ url }) => {
        expectWithout(
          (await send(url, { target: page })).text,
          /scopelift_requests_total|"problems"/,
          page,
        )
      }),
    ),
    ...Object.entries(DISGUISES).map(([name, lines]) => leadsNowhere(name, lines)),
    ...['POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS'].map((method) =>
      withAdmin(`${method} is not for the admin listener`, async ({ adminUrl }) => {
        expectThat(
          [400, 404, 405].includes((await send(adminUrl, { method, target: '/healthz' })).status),
          `${method} was served`,
        )
      }),
    ),
    withAdmin('it serves no other page, however it is spelled', async ({ adminUrl }) => {
      for (const target of [
        '/',
        '/debug',
        '/config',
        '/..%2fmetrics',
        '//metrics',
        '/metrics/../config',
        '/healthz%00',
      ]) {
        expectThat((await send(adminUrl, { target })).status >= 400, `${target} was served`)
      }
    }),
    withAdmin(
      'a head without bound is refused, and the connection closed',
      async ({ adminUrl }) => {
        const wire = await openWire(adminUrl)
        wire.write(headOf(adminUrl, { target: '/healthz', token: 'x'.repeat(100_000) }))
        expectWithout(await wire.ended(), /^HTTP\/1\.1 200/, 'the answer')
      },
    ),
    withAdmin(
      'it holds no address of the upstream and no name of the client',
      async ({ adminUrl }) => {
        for (const page of PAGES)
          expectWithout(
            (await send(adminUrl, { target: page })).text,
            /client_secret|Bearer /i,
            page,
          )
      },
    ),
    inLab('both listeners are on loopback unless the operator says otherwise', async () => {
      const config = loadConfig({
        env: {
          KEYCLOAK_SERVER_URL: 'http://localhost:8002',
          KEYCLOAK_REALM: 'kit',
          KEYCLOAK_CLIENT_ID: 'kit',
          KEYCLOAK_CLIENT_SECRET: 'kit',
        },
        readFile: () => '',
      })
      expectEqual([config.listen.host, config.admin.host], ['127.0.0.1', '127.0.0.1'], 'addresses')
    }),
  ],
}

function leadsNowhere(name: string, lines: readonly string[]): Check {
  return withUpstream(`${name} changes nothing`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    const answer = await send(url, { target: stand.path, lines })
    expectStatus(answer, 200)
    expectEqual(
      [stand.requests.length, stand.requests[0]?.method],
      [1, 'GET'],
      'requests at the upstream',
    )
    expectWithout(answer.text, /scopelift_requests_total/, 'the answer')
  })
}
