import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { createCertificate } from '../support/certificates.ts'
import type { Answer, TokenEndpoint } from '../support/token-endpoint.ts'
import { createSigningKey, json, raw, reset, signWith } from '../support/token-endpoint.ts'
import { buildFaultsHouse, startEndpoint } from './faults-house.ts'

/** What may be wrong with the key set when it is first needed. */
const KEY_SETS: Record<
  string,
  { answer: Answer; outcome: string; reason: string; problem?: RegExp }
> = {
  'a reset connection': {
    answer: reset(),
    outcome: 'exchange-unavailable',
    reason: 'connection-error',
  },
  'no answer': { answer: () => {}, outcome: 'exchange-unavailable', reason: 'timeout' },
  '500': { answer: json(500, {}), outcome: 'exchange-unavailable', reason: 'no-key-set' },
  '429': { answer: json(429, {}), outcome: 'exchange-unavailable', reason: 'no-key-set' },
  '404': {
    answer: json(404, {}),
    outcome: 'exchange-refused',
    reason: 'realm-not-found',
    problem: /no realm/,
  },
  'a redirect': {
    answer: json(302, {}, { location: 'http://127.0.0.1:1/' }),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  'JSON that does not parse': {
    answer: raw(200, 'application/json', '{"keys":['),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  'another content type': {
    answer: raw(200, 'text/html', '{"keys":[]}'),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  'keys that are no list': {
    answer: json(200, { keys: {} }),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  'keys that are no objects': {
    answer: json(200, { keys: [1] }),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  '10 MB': {
    answer: json(200, { keys: [], x: 'x'.repeat(10_000_000) }),
    outcome: 'exchange-unavailable',
    reason: 'answer-too-large',
  },
  'no key in it': {
    answer: json(200, { keys: [] }),
    outcome: 'exchange-unavailable',
    reason: 'no-key-set',
  },
  'a symmetric key': {
    answer: json(200, { keys: [{ kty: 'oct', kid: 'first', k: 'AAAA' }] }),
    outcome: 'subject-token-unusable',
    reason: 'unknown-key',
  },
}

for (const [name, { answer, outcome, reason, problem }] of Object.entries(KEY_SETS)) {
  t.test(`the key set is ${name}: no exchange, and the next request is fine`, async (t) => {
    const house = await buildFaultsHouse(t)
    house.endpoint.answerAll('jwks', answer)
    const token = await house.subject()
    const status = outcome === 'exchange-unavailable' ? 503 : 403
    t.match(await house.call(token), { status, outcome, reason, isOriginalDenial: status === 403 })
    t.equal(house.endpoint.exchanges.length, 0, 'a token that is not verified is sent nowhere')
    if (problem !== undefined) t.match(await house.problems(), problem)
    house.endpoint.answerAll('jwks', undefined)
    const next = await house.call(problem === undefined ? token : undefined)
    // Our own misconfiguration is remembered for 10 s.
    if (problem === undefined) t.match(next, { status: 200, outcome: 'stepped-up' }, 'afterwards')
    else t.match(next, { outcome, isOriginalDenial: true }, 'for a while')
  })
}

t.test(
  'a key set that stalls costs one fetch for all who wait, and opens the breaker',
  async (t) => {
    const house = await buildFaultsHouse(t)
    house.endpoint.answerAll('jwks', () => {})
    const answers = await Promise.all(Array.from({ length: 20 }, () => house.call()))
    t.ok(answers.every(({ status, reason }) => status === 503 && reason !== undefined))
    t.equal(house.endpoint.keySetFetches.length, 1)
    t.equal(house.endpoint.exchanges.length, 0)
    for (let i = 0; i < 4; i += 1) await house.call()
    t.equal(await house.gauge('breaker_open'), 1)
    t.match(await house.call(), { status: 503, reason: 'circuit-open' })
  },
)

t.test(
  'rotation: a new key is fetched when it is first seen, and tokens of the old one go on',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const old = await house.subject()
    t.match(await house.call(old), { outcome: 'stepped-up' })
    house.endpoint.rotate(await createSigningKey('second', 'ES256'))
    t.match(await house.call(), { outcome: 'stepped-up' }, 'a subject token of the new key')
    t.equal(house.endpoint.keySetFetches.length, 2)
    t.match(await house.call(old), { outcome: 'stepped-up' }, 'one of the old key')
    t.equal(house.endpoint.keySetFetches.length, 2)
    t.equal(await house.gauge('problems'), 0)
  },
)

t.test('rotation between the subject token and the issued one', async (t) => {
  const house = await buildFaultsHouse(t)
  t.match(await house.call(), { outcome: 'stepped-up' })
  const subject = await house.subject()
  house.endpoint.rotate(await createSigningKey('second', 'RS256'))
  t.match(await house.call(subject), { outcome: 'stepped-up' })
})

t.test('an issued token whose key is in no set is refused, and an operator reads it', async (t) => {
  const house = await buildFaultsHouse(t)
  t.match(await house.call(), { outcome: 'stepped-up' })
  const stranger = await createSigningKey('stranger', 'RS256')
  const nowS = Math.floor(Date.now() / 1000)
  const forged = await signWith(stranger, { iss: house.endpoint.issuer, exp: nowS + 300 })
  house.endpoint.script(house.endpoint.issue({}, { access_token: forged }))
  t.match(await house.call(), {
    outcome: 'exchange-refused',
    reason: 'issued-token-invalid',
    isOriginalDenial: true,
  })
  t.match(await house.problems(), /no key of the realm fits its signature/)
  t.match(await house.call(), { outcome: 'stepped-up' })
  t.notMatch(await house.problems(), /no key of the realm/)
})

t.test(
  'tokens of a key that was taken away: the signature is unknown, and Keycloak is not asked over and over',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const first = await house.subject()
    t.match(await house.call(first), { outcome: 'stepped-up' })
    const stranger = await createSigningKey('removed', 'RS256')
    const nowS = Math.floor(Date.now() / 1000)
    const claims = {
      iss: house.endpoint.issuer,
      sub: 'x',
      aud: ['authentication-demo'],
      exp: nowS + 300,
    }
    for (let i = 0; i < 10; i += 1) {
      const token = await signWith(stranger, { ...claims, jti: String(i) })
      t.match(await house.call(token), {
        outcome: 'subject-token-unusable',
        reason: 'unknown-key',
        isOriginalDenial: true,
      })
    }
    t.equal(house.endpoint.keySetFetches.length, 2, 'one fetch more, for all of them')
    t.match(await house.call(first), { outcome: 'stepped-up' }, 'others are not touched')
  },
)

const TOLERATED_S = [-20, 20]
const FAR_S = [-120, 120]

t.test(
  'clocks that differ by 20 s do not matter, by 120 s only where a token says that it is not valid now',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const nowS = () => Math.floor(Date.now() / 1000)
    for (const skewS of [...TOLERATED_S, ...FAR_S]) {
      house.endpoint.script(
        house.endpoint.issue({ iat: nowS() + skewS, exp: nowS() + skewS + 300 }),
      )
      t.match(
        await house.call(),
        { outcome: 'stepped-up' },
        `all of Keycloak’s times are off by ${skewS} s`,
      )
    }
    for (const skewS of TOLERATED_S) {
      house.endpoint.script(house.endpoint.issue({ exp: nowS() + skewS, nbf: nowS() + skewS }))
      t.match(await house.call(), { outcome: 'stepped-up' }, `exp and nbf at ${skewS} s`)
    }
    house.endpoint.script(house.endpoint.issue({ exp: nowS() - 120 }))
    t.match(await house.call(), {
      outcome: 'exchange-refused',
      reason: 'issued-token-invalid',
      isOriginalDenial: true,
    })
    t.match(await house.problems(), /clocks/)
    house.endpoint.script(house.endpoint.issue({ nbf: nowS() + 120 }))
    t.match(await house.call(), {
      outcome: 'exchange-refused',
      reason: 'issued-token-invalid',
      isOriginalDenial: true,
    })
    t.match(await house.call(), { outcome: 'stepped-up' })
    t.notMatch(await house.problems(), /clocks/)
  },
)

t.test('a token whose times are off is cached for its own life, not by our clock', async (t) => {
  const house = await buildFaultsHouse(t)
  for (const skewS of [-120, -20, 20, 120]) {
    const nowS = Math.floor(Date.now() / 1000)
    const token = await house.subject()
    house.endpoint.script(house.endpoint.issue({ iat: nowS + skewS, exp: nowS + skewS + 300 }))
    t.match(await house.call(token), { outcome: 'stepped-up' })
    const exchanges = house.endpoint.exchanges.length
    t.match(await house.call(token), { outcome: 'stepped-up' })
    t.equal(house.endpoint.exchanges.length, exchanges, `${skewS} s: out of the cache`)
  }
})

t.test(
  'a subject token that has ended by our clock is not exchanged; one from the future is',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const nowS = Math.floor(Date.now() / 1000)
    for (const expS of [-20, -120]) {
      const token = await house.subject({ exp: nowS + expS })
      t.match(await house.call(token), {
        outcome: 'subject-token-unusable',
        reason: 'expired',
        isOriginalDenial: true,
      })
    }
    for (const iatS of [20, 120]) {
      t.match(await house.call(await house.subject({ iat: nowS + iatS, exp: nowS + iatS + 60 })), {
        outcome: 'stepped-up',
      })
    }
    t.match(await house.call(await house.subject({ exp: nowS + 20 })), { outcome: 'stepped-up' })
  },
)

/** Keycloak behind TLS: passes everything on to the endpoint. */
async function startTlsFront(t: Test, endpoint: TokenEndpoint) {
  const { key, cert } = await createCertificate()
  let requests = 0
  const server = createServer({ key, cert }, (req, res) => {
    requests += 1
    const { method, url, headers } = req
    const onward = request(
      { host: '127.0.0.1', port: endpoint.tokenEndpoint.port, method, path: url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, cert, count: () => requests }
}

t.test(
  'a Keycloak whose certificate nobody vouches for gets neither secret nor token: 503',
  async (t) => {
    const endpoint = await startEndpoint(t)
    const front = await startTlsFront(t, endpoint)
    const house = await buildFaultsHouse(t, {
      endpoint,
      keycloakUrl: `https://127.0.0.1:${front.port}`,
    })
    for (let i = 0; i < 5; i += 1) {
      t.match(await house.call(), {
        status: 503,
        outcome: 'exchange-unavailable',
        reason: 'connection-error',
      })
    }
    t.equal(await house.gauge('breaker_open'), 1)
    t.match(await house.problems(), /does not answer/)
    t.equal(front.count(), 0)
  },
)

t.test('CA_FILE vouches for Keycloak too, but not for another name', async (t) => {
  const endpoint = await startEndpoint(t)
  const front = await startTlsFront(t, endpoint)
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-ca-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'ca.pem')
  writeFileSync(path, front.cert)
  const env = { CA_FILE: path }
  const house = await buildFaultsHouse(t, {
    endpoint,
    keycloakUrl: `https://127.0.0.1:${front.port}`,
    env,
  })
  t.match(await house.call(), { status: 200, outcome: 'stepped-up' })
  const requests = front.count()
  // 127.0.0.2 is the same machine under a name that the certificate does not have.
  const other = await buildFaultsHouse(t, {
    endpoint,
    keycloakUrl: `https://127.0.0.2:${front.port}`,
    env,
  })
  t.match(await other.call(), { status: 503, reason: 'connection-error' })
  t.equal(front.count(), requests)
})
