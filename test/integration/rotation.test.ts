import { createPublicKey } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { jwtVerify } from 'jose'
import type { Test } from 'tap'
import t from 'tap'
import { createAuthority, issueCertificate } from '../support/certificates.ts'
import type { TestKey } from '../support/client-keys.ts'
import { createTestKey } from '../support/client-keys.ts'
import { REQUESTER } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'
import { readName, startMutualTlsServer } from '../support/mutual-tls.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { ReceivedRequest, TokenEndpoint } from '../support/token-endpoint.ts'
import { refusal } from '../support/token-endpoint.ts'
import { requireScope } from '../support/upstream.ts'
import type { FaultsHouse } from './faults-house.ts'
import { buildFaultsHouse, SCOPE, startEndpoint } from './faults-house.ts'

const CALLERS = 8
const CALLS_BETWEEN = 24
const ENV = { EXCHANGE_TIMEOUT_MS: '10000', UPSTREAM_HEADERS_TIMEOUT_MS: '20000' }

/** Callers whose every call needs an exchange of its own, while the steps are done one after another. */
async function underLoad(house: FaultsHouse, steps: readonly (() => void | Promise<void>)[]) {
  const outcomes: string[] = []
  let isOver = false
  async function call(): Promise<void> {
    while (!isOver) {
      const { status, outcome, reason } = await house.call()
      outcomes.push([status, outcome, reason].filter((word) => word !== undefined).join(' '))
    }
  }
  const callers = Array.from({ length: CALLERS }, call)
  for (const step of [...steps, () => {}]) {
    const enough = outcomes.length + CALLS_BETWEEN
    while (outcomes.length < enough) await sleep(2)
    await step()
  }
  isOver = true
  await Promise.all(callers)
  return outcomes
}

/** Takes only what `isGood` says of the credentials as they are at this moment. */
function guard(
  endpoint: TokenEndpoint,
  isGood: (received: ReceivedRequest) => boolean | Promise<boolean>,
  refused = refusal(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
): { readonly refusals: () => number } {
  let refusals = 0
  endpoint.answerAll('token', async (received, response) => {
    if (await isGood(received)) return endpoint.issue()(received, response)
    refusals += 1
    return refused(received, response)
  })
  return { refusals: () => refusals }
}

function allSteppedUp(t: Test, outcomes: readonly string[]): void {
  t.same([...new Set(outcomes)], ['200 stepped-up'])
}

t.test('the secret is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  folder.write({ secret: 'secret-0' })
  const endpoint = await startEndpoint(t)
  let current = 'secret-0'
  const guarded = guard(endpoint, ({ headers }) => {
    const [, encoded = ''] = headers.authorization?.split(' ') ?? []
    return Buffer.from(encoded, 'base64').toString() === `${REQUESTER}:${current}`
  })
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: { ...ENV, KEYCLOAK_CLIENT_SECRET: '', KEYCLOAK_CLIENT_SECRET_FILE: folder.path('secret') },
  })
  const rotate = (next: string) => () => {
    current = next
    folder.write({ secret: `${next}\n` })
  }
  allSteppedUp(t, await underLoad(house, [rotate('secret-1'), rotate('secret-2')]))
  t.ok(guarded.refusals() > 0, 'the old one was refused, and the new one read at once')
  t.match(await house.problems(), /"status":"ok"/)
})

t.test('the key of the client is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  const keys = [createTestKey('ec'), createTestKey('ed25519'), createTestKey('rsa')]
  const textOf = (key: TestKey | undefined, kid: string) => JSON.stringify({ ...key?.jwk, kid })
  folder.swap({ key: textOf(keys[0], 'k0') })
  const endpoint = await startEndpoint(t)
  let current = 0
  const ids = new Set<unknown>()
  const isGood = async ({ form }: ReceivedRequest) => {
    try {
      const key = createPublicKey(keys[current]?.publicPem ?? '')
      const options = { audience: endpoint.issuer, issuer: REQUESTER, subject: REQUESTER }
      const { payload, protectedHeader } = await jwtVerify(
        form.get('client_assertion') ?? '',
        key,
        options,
      )
      const isNew = !ids.has(payload.jti)
      ids.add(payload.jti)
      return isNew && protectedHeader.kid === `k${current}`
    } catch {
      return false
    }
  }
  const guarded = guard(
    endpoint,
    isGood,
    refusal(400, 'invalid_client', 'Unable to load public key'),
  )
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...ENV,
      KEYCLOAK_AUTH_METHOD: 'private_key_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_KEY_FILE: folder.path('key'),
    },
  })
  const rotate = (next: number) => () => {
    current = next
    folder.swap({ key: textOf(keys[next], `k${next}`) })
  }
  allSteppedUp(t, await underLoad(house, [rotate(1), rotate(2)]))
  t.ok(guarded.refusals() > 0)
  t.match(await house.problems(), /"status":"ok"/)
  const known = new Set(house.scopelift.audit.map((line) => line['requestId']))
  const strange = [...ids].filter((id) => !known.has(String(id).split('.')[0]))
  t.same(strange, [], 'each assertion names its request')
  const output = house.scopelift.output()
  const sent = endpoint.exchanges.map(({ form }) => form.get('client_assertion') ?? 'none')
  t.notOk(sent.some((assertion) => output.includes(assertion)))
  t.notOk(keys.some(({ jwk }) => output.includes(String(jwk['d']))))
})

t.test('the assertion is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  const endpoint = await startEndpoint(t)
  let current = await endpoint.sign({ sub: 'pod', jti: '0' })
  folder.swap({ token: current })
  const guarded = guard(
    endpoint,
    ({ form }) => form.get('client_assertion') === current && !form.has('client_id'),
    refusal(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
  )
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...ENV,
      KEYCLOAK_AUTH_METHOD: 'federated_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_ASSERTION_FILE: folder.path('token'),
    },
  })
  const rotate = (jti: string) => async () => {
    const next = await endpoint.sign({ sub: 'pod', jti })
    current = next
    folder.swap({ token: `${next}\n` })
  }
  allSteppedUp(t, await underLoad(house, [rotate('1'), rotate('2'), rotate('3')]))
  t.match(await house.problems(), /"status":"ok"/)
  t.ok(guarded.refusals() < 30, 'read for each use: only what was under way is refused')
  const output = house.scopelift.output()
  const sent = endpoint.exchanges.map(({ form }) => form.get('client_assertion') ?? 'none')
  t.notOk(sent.some((assertion) => output.includes(assertion)))
})

t.test('a file without an assertion refuses, says so, and heals without a restart', async (t) => {
  const folder = createFolder(t)
  const endpoint = await startEndpoint(t)
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...ENV,
      KEYCLOAK_AUTH_METHOD: 'federated_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_ASSERTION_FILE: folder.path('token'),
    },
  })
  t.match(await house.call(), {
    status: 403,
    outcome: 'exchange-refused',
    reason: 'assertion-file',
    isOriginalDenial: true,
  })
  t.match(await house.problems(), /KEYCLOAK_CLIENT_ASSERTION_FILE: cannot be read \(ENOENT\)/)
  t.equal(endpoint.exchanges.length, 0)
  folder.swap({ token: await endpoint.sign({ sub: 'pod' }) })
  while ((await house.call()).status !== 200) await sleep(50)
  t.match(await house.problems(), /"status":"ok"/)
})

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
        ...ENV,
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
    env: { ...ENV, UPSTREAM_CA_FILE: folder.path('ca') },
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
      ...ENV,
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
