import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createAuthority, issueCertificate } from '../support/certificates.ts'
import { createFolder } from '../support/files.ts'
import { readName, startMutualTlsServer } from '../support/mutual-tls.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { TokenEndpoint } from '../support/token-endpoint.ts'
import { requireScope } from '../support/upstream.ts'
import { buildFaultsHouse, SCOPE, startEndpoint } from './faults-house.ts'
import { allSteppedUp, PATIENT, underLoad } from './under-load.ts'

/** Keycloak behind TLS that wants a client certificate, a connection for each request. */
function passTo(endpoint: TokenEndpoint) {
  return (req: IncomingMessage, res: ServerResponse) => {
    const { method, url, headers } = req
    const { port } = endpoint.tokenEndpoint
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' })
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  }
}

t.test(
  'client certificates for both peers are rotated while callers call: no request fails',
  async (t) => {
    const authority = await createAuthority()
    const certificate = await issueCertificate(authority, 'server')
    const identities = [
      await issueCertificate(authority, 'one'),
      await issueCertificate(authority, 'two'),
    ]
    const folder = createFolder(t)
    const use = (index: number) =>
      folder.swap({
        ca: authority.cert,
        crt: identities[index]?.cert ?? '',
        key: identities[index]?.key ?? '',
      })
    use(0)
    const endpoint = await startEndpoint(t)
    const common = { certificate, clientAuthority: authority.cert }
    const keycloak = await startMutualTlsServer(t, { ...common, handle: passTo(endpoint) })
    let finish = () => {}
    const upstream = await startMutualTlsServer(t, {
      ...common,
      handle(req, res) {
        if (req.url === '/slow') {
          res.write('begun')
          finish = () => void res.end(' and done')
          return
        }
        if (Math.random() < 0.5) res.setHeader('connection', 'close')
        req.resume().on('end', () => {
          if (requireScope(req, res, SCOPE)) res.end('granted')
        })
      },
    })
    const house = await buildFaultsHouse(t, {
      endpoint,
      keycloakUrl: keycloak.url,
      upstreamUrl: upstream.url,
      env: {
        ...PATIENT,
        KEYCLOAK_CA_FILE: folder.path('ca'),
        KEYCLOAK_TLS_CERT_FILE: folder.path('crt'),
        KEYCLOAK_TLS_KEY_FILE: folder.path('key'),
        UPSTREAM_CA_FILE: folder.path('ca'),
        UPSTREAM_TLS_CERT_FILE: folder.path('crt'),
        UPSTREAM_TLS_KEY_FILE: folder.path('key'),
      },
    })
    const slow = await fetch(`${house.scopelift.url}/slow`)
    const untilNew = async () => {
      while (!(keycloak.names.includes('two') && upstream.names.includes('two'))) await sleep(10)
    }
    const outcomes = await underLoad(house, [() => use(1), untilNew])
    allSteppedUp(t, outcomes)
    t.equal(keycloak.names.at(-1), 'two')
    finish()
    t.equal(await slow.text(), 'begun and done', 'a request under way goes on')
    t.match(await house.problems(), /"status":"ok"/)
  },
)

t.test('an upstream that does not take our certificate is named with the remedy', async (t) => {
  const authority = await createAuthority()
  const upstream = await startMutualTlsServer(t, {
    certificate: await issueCertificate(authority, 'server'),
    clientAuthority: authority.cert,
    handle: (_req, res) => void res.end(),
  })
  const folder = createFolder(t)
  folder.write({ ca: authority.cert })
  const house = await buildFaultsHouse(t, {
    upstreamUrl: upstream.url,
    env: { ...PATIENT, UPSTREAM_CA_FILE: folder.path('ca') },
  })
  while (!/UPSTREAM_TLS_CERT_FILE/.test(await house.problems())) await sleep(10)
  t.match(await house.call(), { status: 502, outcome: 'upstream-unavailable' })
  t.match(await house.problems(), /UPSTREAM_TLS_CERT_FILE/)
  t.same(upstream.names, [])
})

t.test('a WebSocket handshake shows the certificate too', async (t) => {
  const authority = await createAuthority()
  const one = await issueCertificate(authority, 'one')
  const upstream = await startMutualTlsServer(t, {
    certificate: await issueCertificate(authority, 'server'),
    clientAuthority: authority.cert,
    handle: (_req, res) => void res.end(),
  })
  const names: string[] = []
  upstream.server.on('upgrade', (req, socket) => {
    names.push(readName(req))
    socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    )
  })
  const folder = createFolder(t)
  folder.write({ ca: authority.cert, crt: one.cert, key: one.key })
  const house = await buildFaultsHouse(t, {
    upstreamUrl: upstream.url,
    env: {
      ...PATIENT,
      CA_FILE: folder.path('ca'),
      UPSTREAM_TLS_CERT_FILE: folder.path('crt'),
      UPSTREAM_TLS_KEY_FILE: folder.path('key'),
    },
  })
  const handshake =
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  t.match(await exchangeRaw(house.scopelift.url, handshake), /^HTTP\/1\.1 101 /)
  t.same(names, ['one'])
})
