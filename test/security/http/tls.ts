import { once } from 'node:events'
import { createServer } from 'node:https'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createCertificate } from '../../support/certificates.ts'
import type { Teardown } from '../../support/demo-servers.ts'
import { REQUESTER, REQUESTER_SECRET } from '../../support/demo-servers.ts'
import { startScopelift } from '../../support/scopelift.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import type { Lab } from '../lab.ts'
import { buildHouse, outcomeOf, tokenOf, writeTemporary } from '../lab.ts'
import { send } from '../wire.ts'

export const tls: Line = {
  id: 'H14',
  topic: 'TLS',
  rule: 'the certificates of upstream and Keycloak are verified, CA_FILE adds to the public ones, and plain http to a distant Keycloak must be asked for',
  checks: [
    inLab('a self-signed upstream gets neither request nor Authorization: 502', async (lab) => {
      const impostor = await startImpostor(lab)
      const answer = await callThrough(lab, impostor.url, {})
      expectStatus(answer, 502)
      expectEqual(impostor.seen, [], 'requests at the impostor')
    }),
    inLab(
      'a certificate for another name is refused, although its authority is trusted',
      async (lab) => {
        const impostor = await startImpostor(lab)
        const url = impostor.url.replace('127.0.0.1', '127.0.0.2')
        expectStatus(
          await callThrough(lab, url, { CA_FILE: writeTemporary(lab, impostor.cert) }),
          502,
        )
        expectEqual(impostor.seen, [], 'requests at the impostor')
      },
    ),
    inLab('the one that CA_FILE vouches for is reached', async (lab) => {
      const upstream = await startImpostor(lab)
      const answer = await callThrough(lab, upstream.url, {
        CA_FILE: writeTemporary(lab, upstream.cert),
      })
      expectStatus(answer, 200)
      expectEqual(upstream.seen.length, 1, 'requests')
    }),
    inLab('CA_FILE for one authority does not open another', async (lab) => {
      const upstream = await startImpostor(lab)
      const { cert } = await createCertificate()
      expectStatus(
        await callThrough(lab, upstream.url, { CA_FILE: writeTemporary(lab, cert) }),
        502,
      )
      expectEqual(upstream.seen, [], 'requests')
    }),
    inLab(
      'a self-signed Keycloak gets neither secret nor token, and nobody is elevated',
      async (lab) => {
        const impostor = await startImpostor(lab)
        const house = await buildHouse(lab, undefined, {
          env: { KEYCLOAK_SERVER_URL: impostor.url, KEYCLOAK_ISSUER: lab.realm.issuer },
        })
        const answer = await house.call({ token: await tokenOf(lab) })
        expectThat(outcomeOf(answer) === 'exchange-unavailable', `outcome ${outcomeOf(answer)}`)
        expectEqual(
          [impostor.seen, house.exchanges()],
          [[], 0],
          'requests at impostor and Keycloak',
        )
      },
    ),
    inLab('plain http to a Keycloak elsewhere is refused at the start', async () => {
      const refusal = loading({ KEYCLOAK_SERVER_URL: 'http://keycloak.example' })
      expectThat(/ALLOW_INSECURE_KEYCLOAK/.test(refusal), `the start said: ${refusal}`)
    }),
    inLab('unless it is asked for by name', async () => {
      const env = {
        KEYCLOAK_SERVER_URL: 'http://keycloak.example',
        ALLOW_INSECURE_KEYCLOAK: 'true',
      }
      expectEqual(loading(env), 'loaded', 'the start')
    }),
  ],
}

async function startImpostor(t: Teardown) {
  const { key, cert } = await createCertificate()
  const seen: (string | undefined)[] = []
  const server = createServer({ key, cert }, (req, res) => {
    seen.push(req.headers.authorization)
    res.end('reached')
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `https://127.0.0.1:${port}`, cert, seen }
}

async function callThrough(
  lab: Lab & Teardown,
  upstreamUrl: string,
  env: Readonly<Record<string, string>>,
) {
  const scopelift = await startScopelift(lab, { upstreamUrl, authorizationServer: lab.realm, env })
  return send(scopelift.url, { token: await tokenOf(lab) })
}

function loading(env: Readonly<Record<string, string>>): string {
  try {
    loadConfig({
      env: {
        KEYCLOAK_REALM: 'kit',
        KEYCLOAK_CLIENT_ID: REQUESTER,
        KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET,
        ...env,
      },
      readFile: () => '',
    })
    return 'loaded'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
