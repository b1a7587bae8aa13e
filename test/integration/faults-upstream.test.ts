import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import t from 'tap'
import { scopesOf } from '../support/upstream.ts'
import type { FaultsHouse } from './faults-house.ts'
import { buildFaultsHouse, SCOPE, startGate } from './faults-house.ts'

interface Fault {
  readonly fail: (res: ServerResponse) => void
  readonly status: number
}

/** Writes to the socket past Node's own idea of an answer. */
const octets = (text: string) => (res: ServerResponse) =>
  void res.socket?.end(Buffer.from(text, 'latin1'))

/** One thing that an upstream does wrong before its head is whole. */
const BEFORE_HEAD: Record<string, Fault> = {
  'a reset connection': { fail: (res) => void res.socket?.resetAndDestroy(), status: 502 },
  'a closed connection': { fail: (res) => void res.socket?.end(), status: 502 },
  'no head in time': { fail: () => {}, status: 504 },
  'half a head, then nothing': {
    fail: (res) => void res.socket?.write('HTTP/1.1 200 OK\r\nX-A: b\r\n'),
    status: 504,
  },
  'half a head, then the end': { fail: octets('HTTP/1.1 200 OK\r\nX-A: b\r\n'), status: 502 },
  'a head line by line, for ever': {
    fail(res) {
      const { socket } = res
      socket?.write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket?.write('X-A: b\r\n'), 50)
      socket?.on('close', () => clearInterval(timer))
    },
    status: 504,
  },
  'a head without end': {
    fail: octets(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(40_000)}`),
    status: 502,
  },
  'no status line': { fail: octets('nonsense\r\n\r\n'), status: 502 },
  'an ambiguous framing': {
    fail: octets(
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ),
    status: 502,
  },
  'a status of its own invention': {
    fail: octets('HTTP/1.1 99 x\r\nContent-Length: 0\r\n\r\n'),
    status: 502,
  },
}

/** And behind it: the caller has the head, and must see that the body is not whole. */
const BEHIND_HEAD: Record<string, (res: ServerResponse) => void> = {
  'a reset in the body': (res) => {
    res.writeHead(200, { 'content-length': 1000 })
    res.write('part', () => res.socket?.resetAndDestroy())
  },
  'a body that is too short': octets('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart'),
  'chunks without an end': octets(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
  ),
}

const isElevated = (authorization: string | undefined) => scopesOf(authorization).includes(SCOPE)

function deny(res: ServerResponse): void {
  res.writeHead(403, 'Forbidden', [
    ...['WWW-Authenticate', `Bearer error="insufficient_scope", scope="${SCOPE}"`],
    ...['Content-Type', 'text/plain'],
  ])
  res.end('denied\n')
}

/** An upstream that fails once, at the first attempt or at the replay, and is sound from then on. */
async function buildFailing(
  t: Test,
  at: 'the first attempt' | 'the replay',
  fail: Fault['fail'],
): Promise<FaultsHouse> {
  let hasFailed = false
  return buildFaultsHouse(t, {
    handle(req, res) {
      const mayFail = at === 'the replay' ? isElevated(req.headers.authorization) : true
      if (mayFail && !hasFailed) {
        hasFailed = true
        fail(res)
      } else if (isElevated(req.headers.authorization)) res.end('granted')
      else deny(res)
    },
  })
}

for (const at of ['the first attempt', 'the replay'] as const) {
  t.test(`what an upstream does wrong before its head, at ${at}`, async (t) => {
    for (const [name, { fail, status }] of Object.entries(BEFORE_HEAD)) {
      const house = await buildFailing(t, at, fail)
      const token = await house.subject()
      const answer = await house.call(token, '/p')
      t.match(answer, { status, outcome: 'upstream-unavailable' }, name)
      t.match(answer.text, status === 504 ? /upstream_timeout/ : /upstream_unavailable/, name)
      t.equal(
        house.upstream.requests.length,
        at === 'the replay' ? 2 : 1,
        `${name}: never sent again`,
      )
      t.equal(house.endpoint.exchanges.length, at === 'the replay' ? 1 : 0, `${name}: exchanges`)
      // Nobody has said that the scopes were enough: the next call asks again, and the token is still known.
      t.match(
        await house.call(token, '/p'),
        { status: 200, outcome: 'stepped-up' },
        `${name}: afterwards`,
      )
      t.equal(house.endpoint.exchanges.length, 1, `${name}: one exchange in all`)
      t.equal(await house.gauge('replay_bytes'), 0, name)
      t.equal(await house.gauge('breaker_open'), 0, `${name}: the upstream is not Keycloak`)
      await house.scopelift.close()
    }
  })

  t.test(`what an upstream does wrong behind its head, at ${at}`, async (t) => {
    for (const [name, fail] of Object.entries(BEHIND_HEAD)) {
      const house = await buildFailing(t, at, fail)
      const answer = await house.call()
      t.match(answer.text, /^HTTP\/1\.1 200 /, name)
      t.notMatch(answer.text, /\r\n0\r\n\r\n$/, `${name}: not ended as if it were whole`)
      t.ok(answer.text.length < 900, `${name}: less than was announced`)
      t.equal(
        answer.outcome,
        at === 'the replay' ? 'stepped-up' : 'forwarded',
        `${name}: the head stands`,
      )
      t.match(await house.call(), { status: 200, outcome: 'stepped-up' }, `${name}: afterwards`)
      t.equal(await house.gauge('replay_bytes'), 0, name)
      await house.scopelift.close()
    }
  })
}

t.test(
  'an upstream that is not there: 502 at once, no exchange, and the next one is fine',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const gate = await startGate(t, house.upstream.port)
    const behind = await buildFaultsHouse(t, { upstreamUrl: gate.url })
    for (let round = 0; round < 3; round += 1) {
      await gate.shut()
      t.match(await behind.call(), {
        status: 502,
        outcome: 'upstream-unavailable',
        reason: 'ECONNREFUSED',
      })
      await gate.open()
      t.match(await behind.call(), { status: 200, outcome: 'stepped-up' })
    }
    t.equal(await behind.gauge('breaker_open'), 0)
  },
)

t.test(
  'an upstream that goes away between denial and replay: 502, and the token is kept',
  async (t) => {
    const house = await buildFaultsHouse(t)
    const gate = await startGate(t, house.upstream.port)
    const behind = await buildFaultsHouse(t, { upstreamUrl: gate.url })
    const issue = behind.endpoint.issue()
    behind.endpoint.script(async (received, response) => {
      await gate.shut()
      await issue(received, response)
    })
    const token = await behind.subject()
    t.match(await behind.call(token, '/p'), { status: 502, outcome: 'upstream-unavailable' })
    await gate.open()
    t.match(await behind.call(token, '/p'), { status: 200, outcome: 'stepped-up' })
    t.equal(behind.endpoint.exchanges.length, 1)
    t.equal(await behind.gauge('replay_bytes'), 0)
  },
)

t.test('Keycloak and upstream gone at once: each is told apart', async (t) => {
  const house = await buildFaultsHouse(t)
  await house.gate.shut()
  t.match(await house.call(), { status: 503, outcome: 'exchange-unavailable' })
  await house.upstream.close()
  t.match(await house.call(), { status: 502, outcome: 'upstream-unavailable' })
  await house.gate.open()
  t.match(await house.call(), { status: 502, outcome: 'upstream-unavailable' })
})
