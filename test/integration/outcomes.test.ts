import type { Test } from 'tap'
import t from 'tap'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { Handle, Upstream } from '../support/upstream.ts'
import { readAll, requireScope, scopesOf, startUpstream } from '../support/upstream.ts'

const SCOPE = 'llama:agent_create'

interface House {
  readonly authorizationServer: AuthorizationServer
  readonly upstream: Upstream
  readonly scopelift: RunningScopelift
  /** The whole answer on the wire, head first. */
  call(token: string | undefined, options?: CallOptions): Promise<string>
  alice(claims?: Record<string, unknown>): Promise<string>
}

interface CallOptions {
  readonly method?: string
  readonly path?: string
  readonly body?: string
}

async function build(t: Test, handle: Handle, env: Record<string, string> = {}): Promise<House> {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, handle)
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  return {
    authorizationServer,
    upstream,
    scopelift,
    alice: (claims = {}) =>
      authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid', claims }),
    call(token, { method = 'POST', path = '/v1/agents', body = '{}' } = {}) {
      const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`
      return exchangeRaw(
        scopelift.url,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`,
      )
    },
  }
}

/** Asks for the scope as RFC 6750 says. */
const protectedHandle: Handle = async (req, res, seen) => {
  if (!requireScope(req, res, SCOPE)) return
  await readAll(req, seen)
  res.end('granted')
}

/** The denial of `requireScope` as the caller must see it: status, end-to-end lines in order and case, body. */
const ORIGINAL_DENIAL = new RegExp(
  `^HTTP/1\\.1 403 Forbidden\\r\\nWWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\\r\\nX-Upstream: denied\\r\\nContent-Type: text/plain\\r\\n[\\s\\S]*denied\\n`,
)

function outcomeOf(answer: string): string | undefined {
  return /\r\nscopelift-outcome: ([a-z-]+)\r\n/.exec(answer)?.[1]
}

function auditOf(house: House) {
  return house.scopelift.audit.at(-1)
}

t.test('forwarded: what is not denied passes, and no exchange is made', async (t) => {
  const house = await build(t, (_req, res) => void res.end('ok'))
  t.equal(outcomeOf(await house.call(await house.alice())), 'forwarded')
  t.equal(house.authorizationServer.exchanges, 0)
  t.equal(house.scopelift.audit.length, 0)
})

t.test('no-subject-token: the original denial', async (t) => {
  const house = await build(t, protectedHandle)
  const answer = await house.call(undefined)
  t.match(answer, ORIGINAL_DENIAL)
  t.equal(outcomeOf(answer), 'no-subject-token')
})

t.test('denial-too-large: the denial streams on whole', async (t) => {
  const body = 'x'.repeat(200_000)
  const house = await build(t, (_req, res) => {
    res.writeHead(403, { 'content-type': 'application/json' })
    res.end(body)
  })
  const answer = await house.call(await house.alice())
  t.equal(outcomeOf(answer), 'denial-too-large')
  t.ok(answer.replaceAll(/\r\n[0-9a-f]+\r\n/g, '').includes(body.slice(0, 1000)))
  t.equal((answer.match(/x/g) ?? []).length >= body.length, true)
})

t.test('no-hint: a denial that names nothing', async (t) => {
  const house = await build(t, (_req, res) => {
    res.writeHead(403)
    res.end('no')
  })
  t.equal(outcomeOf(await house.call(await house.alice())), 'no-hint')
  t.equal(house.authorizationServer.exchanges, 0)
})

t.test('an audit line says whether anybody has verified in whose name it is', async (t) => {
  const house = await build(t, protectedHandle)
  const alice = await house.alice()
  const forged = `${alice.slice(0, alice.lastIndexOf('.'))}.${Buffer.alloc(256).toString('base64url')}`
  for (const token of [forged, alice, undefined]) await house.call(token)
  t.same(
    house.scopelift.audit.map(({ outcome, verified }) => [outcome, verified]),
    [
      ['subject-token-unusable', false],
      ['stepped-up', true],
      ['no-subject-token', false],
    ],
  )
})

t.test('upstream-unavailable: the line of a failed replay keeps what was known', async (t) => {
  const house = await build(t, (req, res) => {
    if (requireScope(req, res, SCOPE)) req.socket.destroy()
  })
  t.equal(outcomeOf(await house.call(await house.alice())), 'upstream-unavailable')
  const { outcome, scopesNeeded, scopesGranted, exchangeMs } = auditOf(house) ?? {}
  t.equal(outcome, 'upstream-unavailable')
  t.same(scopesNeeded, [SCOPE])
  t.ok(Array.isArray(scopesGranted) && scopesGranted.includes(SCOPE))
  t.type(exchangeMs, 'number')
})

t.test('scope-not-allowed: policy forbids what the upstream names', async (t) => {
  const house = await build(t, protectedHandle, { ALLOWED_SCOPES: 'mcp:*' })
  const answer = await house.call(await house.alice())
  t.match(answer, ORIGINAL_DENIAL)
  t.equal(outcomeOf(answer), 'scope-not-allowed')
  t.equal(house.authorizationServer.exchanges, 0)
})

t.test('subject-token-unusable: expired, foreign, bound, opaque or forged', async (t) => {
  const house = await build(t, protectedHandle)
  const [head, payload] = (await house.alice()).split('.')
  const tokens: Record<string, string> = {
    expired: await house.alice({ exp: Math.floor(Date.now() / 1000) - 60 }),
    'foreign-issuer': await house.alice({ iss: 'https://elsewhere.example/realms/x' }),
    'sender-constrained': await house.alice({ cnf: { jkt: 'x' } }),
    'not-a-jwt': 'opaque-token',
    'bad-signature': `${head}.${payload}.${'A'.repeat(342)}`,
  }
  for (const [reason, token] of Object.entries(tokens)) {
    const answer = await house.call(token)
    t.match(answer, ORIGINAL_DENIAL, reason)
    t.equal(outcomeOf(answer), 'subject-token-unusable', reason)
    t.equal(auditOf(house)?.['reason'], reason)
  }
  t.equal(house.authorizationServer.exchanges, 0, 'Keycloak was never asked')
})

t.test(
  'body-not-replayable: the original denial, and the next try is granted at once',
  async (t) => {
    const house = await build(
      t,
      async (req, res, seen) => {
        const isAllowed = scopesOf(req.headers.authorization).includes(SCOPE)
        await readAll(req, seen)
        if (isAllowed) res.end('granted')
        else requireScope(req, res, SCOPE)
      },
      { REPLAY_MAX_BYTES: '100000' },
    )
    const token = await house.alice()
    const body = 'x'.repeat(300_000)
    const first = await house.call(token, { body })
    t.match(first, ORIGINAL_DENIAL)
    t.equal(outcomeOf(first), 'body-not-replayable')
    t.equal(house.authorizationServer.exchanges, 0)
    const second = await house.call(token, { body })
    t.equal(outcomeOf(second), 'preempted')
    t.match(second, /granted/)
    t.equal(house.upstream.requests.at(-1)?.bytes, 300_000)
  },
)

t.test('exchange-refused: a dead session, a foreign audience, our own fault', async (t) => {
  const house = await build(t, protectedHandle)
  const answers = [
    { status: 400, error: 'invalid_request', error_description: 'Invalid token' },
    {
      status: 403,
      error: 'access_denied',
      error_description: 'Client is not within the token audience',
    },
    { status: 400, error: 'invalid_scope', error_description: 'Missing consents for scope' },
  ]
  for (const { status, ...body } of answers) {
    house.authorizationServer.faults.next({
      kind: 'answer',
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = await house.call(await house.alice())
    t.match(answer, ORIGINAL_DENIAL, body.error)
    t.equal(outcomeOf(answer), 'exchange-refused', body.error)
  }
  house.authorizationServer.faults.always({
    kind: 'answer',
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}',
  })
  const answer = await house.call(await house.alice())
  t.match(answer, ORIGINAL_DENIAL)
  t.equal(outcomeOf(answer), 'exchange-refused')
  const ready: unknown = await (await fetch(`${house.scopelift.adminUrl}/readyz`)).json()
  t.match(ready, { status: 'degraded', problems: [/secret/] })
})

t.test(
  'exchange-refused: the issued token lies about sub, iss, aud, exp or its signature',
  async (t) => {
    const house = await build(t, protectedHandle)
    const lies = [
      { kind: 'claims', claims: { sub: 'somebody-else' } },
      { kind: 'claims', claims: { sub: undefined } },
      { kind: 'claims', claims: { iss: 'https://evil.example' } },
      { kind: 'claims', claims: { aud: 'another' } },
      { kind: 'claims', claims: { aud: ['authentication-demo', 'another'] } },
      { kind: 'claims', claims: { exp: Math.floor(Date.now() / 1000) - 120 } },
      { kind: 'bad-signature' },
    ] as const
    for (const lie of lies) {
      house.authorizationServer.faults.next(lie)
      const answer = await house.call(await house.alice())
      t.match(answer, ORIGINAL_DENIAL, JSON.stringify(lie))
      t.equal(outcomeOf(answer), 'exchange-refused', JSON.stringify(lie))
    }
    t.ok(
      house.upstream.requests.every(
        ({ authorization }) => !scopesOf(authorization).includes(SCOPE),
      ),
    )
  },
)

t.test(
  'scope-not-granted: dropped silently, and Keycloak is not asked again for 30 s',
  async (t) => {
    const house = await build(t, protectedHandle)
    const token = await house.authorizationServer.issueSubjectToken({
      user: 'nobody',
      scope: 'openid',
    })
    for (let i = 0; i < 5; i += 1) {
      const answer = await house.call(token)
      t.match(answer, ORIGINAL_DENIAL)
      t.equal(outcomeOf(answer), 'scope-not-granted')
    }
    t.equal(house.authorizationServer.exchanges, 1)
  },
)

t.test('exchange-unavailable: 503 with Retry-After in place of the denial', async (t) => {
  const house = await build(t, protectedHandle, { EXCHANGE_TIMEOUT_MS: '700' })
  const faults = [
    { kind: 'reset' },
    { kind: 'stall' },
    { kind: 'answer', status: 500, body: 'oops' },
    { kind: 'answer', status: 429 },
  ] as const
  for (const fault of faults) {
    house.authorizationServer.faults.next(fault)
    const answer = await house.call(await house.alice())
    t.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/, fault.kind)
    t.match(answer, /\r\nretry-after: 1\r\n/)
    t.match(answer, /"code":"exchange_unavailable"/)
    t.notMatch(answer, /WWW-Authenticate/i)
    t.equal(outcomeOf(answer), 'exchange-unavailable')
  }
  t.equal(outcomeOf(await house.call(await house.alice())), 'stepped-up', 'and it recovers')
})

t.test('replay-denied: a second denial reaches the caller unchanged', async (t) => {
  const house = await build(t, (req, res) => {
    const isElevated = scopesOf(req.headers.authorization).includes(SCOPE)
    if (!isElevated) return void requireScope(req, res, SCOPE)
    res.writeHead(403, { 'x-second': '1' })
    res.end('second denial')
  })
  const answer = await house.call(await house.alice())
  t.match(answer, /^HTTP\/1\.1 403 [\s\S]*x-second: 1[\s\S]*second denial/)
  t.equal(outcomeOf(answer), 'replay-denied')
  t.equal(house.upstream.requests.length, 2)
})

t.test('reissued: an issued token that the upstream refuses is replaced once', async (t) => {
  let refuse = false
  const house = await build(t, async (req, res, seen) => {
    if (!requireScope(req, res, SCOPE)) return
    await readAll(req, seen)
    if (!refuse) return void res.end('granted')
    refuse = false
    res.writeHead(401, { 'content-type': 'application/json' })
    res.end('{"error":{"message":"Invalid JWT token"}}')
  })
  const token = await house.alice()
  t.equal(outcomeOf(await house.call(token)), 'stepped-up')
  t.equal(outcomeOf(await house.call(token)), 'preempted')
  refuse = true
  const answer = await house.call(token)
  t.equal(outcomeOf(answer), 'reissued')
  t.match(answer, /granted/)
  t.equal(house.authorizationServer.exchanges, 2)
  const [, , before, after] = house.upstream.requests.slice(-4)
  t.not(before?.authorization, after?.authorization)
})

t.test(
  'a provider’s own 401 behind an issued token passes: the handler has worked already',
  async (t) => {
    let provider = false
    const house = await build(t, async (req, res, seen) => {
      if (!requireScope(req, res, SCOPE)) return
      await readAll(req, seen)
      if (!provider) return void res.end('granted')
      res.writeHead(401, { 'content-type': 'application/json' })
      res.end('{"error":{"message":"Error code: 401 - {\'error\': \'Invalid JWT token\'}"}}')
    })
    const token = await house.alice()
    await house.call(token)
    provider = true
    const answer = await house.call(token)
    t.match(answer, /^HTTP\/1\.1 401/)
    t.equal(outcomeOf(answer), 'replay-denied')
    t.equal(house.upstream.requests.length, 3)
  },
)

t.test('a pre-empted request whose denial names more is stepped up with the union', async (t) => {
  const more = 'llama:agent_session_create'
  let wantsMore = false
  const house = await build(t, async (req, res, seen) => {
    if (!requireScope(req, res, SCOPE)) return
    if (wantsMore && !requireScope(req, res, more)) return
    await readAll(req, seen)
    res.end('granted')
  })
  const token = await house.alice()
  t.equal(outcomeOf(await house.call(token)), 'stepped-up')
  wantsMore = true
  t.equal(outcomeOf(await house.call(token)), 'stepped-up')
  t.same(
    scopesOf(house.upstream.requests.at(-1)?.authorization)
      .filter((s) => s.startsWith('llama:'))
      .sort(),
    [SCOPE, more],
  )
})

t.test('elevation is not sticky: another path goes out with the caller’s own token', async (t) => {
  const house = await build(t, protectedHandle)
  const token = await house.alice()
  await house.call(token)
  const other = await house.call(token, { path: '/v1/agents/1' })
  t.equal(outcomeOf(other), 'stepped-up')
  t.equal(house.upstream.requests[2]?.authorization, `Bearer ${token}`)
})

t.test('an answer to an issued token may not be kept by a shared cache', async (t) => {
  const house = await build(t, (req, res) => {
    if (!requireScope(req, res, SCOPE)) return
    res.writeHead(200, { 'cache-control': 'public, max-age=60, s-maxage=600, must-revalidate' })
    res.end('granted')
  })
  t.match(await house.call(await house.alice()), /\r\ncache-control: private, max-age=60\r\n/)
})

t.test('no token, no secret and no query string is ever logged', async (t) => {
  const house = await build(t, protectedHandle)
  await house.call(await house.alice(), { path: '/v1/agents?authorization=query-secret' })
  const output = house.scopelift.output()
  t.match(output, /stepped-up/)
  t.notMatch(output, /eyJ|query-secret|a secret of/)
})

t.test(
  'the metrics count requests by outcome and exchanges by result, and know what is in memory',
  async (t) => {
    const house = await build(t, protectedHandle)
    await house.call(await house.alice())
    await house.call(undefined)
    const metrics = await (await fetch(`${house.scopelift.adminUrl}/metrics`)).text()
    t.match(metrics, /\nscopelift_requests_total\{outcome="stepped-up"\} 1\n/)
    t.match(metrics, /\nscopelift_requests_total\{outcome="no-subject-token"\} 1\n/)
    t.match(metrics, /\nscopelift_exchanges_total\{result="issued"\} 1\n/)
    t.match(metrics, /\nscopelift_cache_entries 1\n/)
    t.match(metrics, /\nscopelift_breaker_open 0\n/)
    t.match(metrics, /\nscopelift_exchange_duration_seconds_count 1\n/)
    t.match(metrics, /\nscopelift_added_duration_seconds_count 1\n/)
  },
)

t.test(
  'five failures in a row open the breaker: Keycloak is left alone, and the metrics and readiness say so',
  async (t) => {
    const house = await build(t, protectedHandle)
    house.authorizationServer.faults.always({ kind: 'answer', status: 500 })
    for (let i = 0; i < 8; i += 1) {
      t.equal(outcomeOf(await house.call(await house.alice())), 'exchange-unavailable')
    }
    t.equal(house.authorizationServer.exchanges, 5)
    const metrics = await (await fetch(`${house.scopelift.adminUrl}/metrics`)).text()
    t.match(metrics, /\nscopelift_breaker_open 1\n/)
    const ready = await fetch(`${house.scopelift.adminUrl}/readyz`)
    t.equal(ready.status, 200, 'it can still forward')
    t.match(await ready.json(), { status: 'degraded', problems: [/Keycloak does not answer/] })
  },
)

t.test('a client that carries more than it should is named, with its remedy', async (t) => {
  const house = await build(t, protectedHandle)
  house.authorizationServer.faults.always({
    kind: 'claims',
    claims: { scope: `${SCOPE} llama:admin` },
  })
  t.equal(outcomeOf(await house.call(await house.alice())), 'exchange-refused')
  const ready: unknown = await (await fetch(`${house.scopelift.adminUrl}/readyz`)).json()
  t.match(ready, { status: 'degraded', problems: [/DENIED_SCOPES that nobody asked for/] })
  house.authorizationServer.faults.clear()
  t.equal(outcomeOf(await house.call(await house.alice())), 'stepped-up')
  t.match(await (await fetch(`${house.scopelift.adminUrl}/readyz`)).json(), { status: 'ok' })
})
