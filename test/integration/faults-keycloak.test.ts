import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import t from 'tap'
import type { Answer } from '../support/token-endpoint.ts'
import { json, raw, refusal, reset } from '../support/token-endpoint.ts'
import type { FaultsHouse } from './faults-house.ts'
import { buildFaultsHouse, SCOPE } from './faults-house.ts'

/** One thing that Keycloak does wrong at an exchange. */
interface Fault {
  readonly answer: (house: FaultsHouse) => Answer
  readonly reason: string
  /** Whether five of them in a row open the breaker. */
  readonly isDown: boolean
}

/** Writes a piece now and then, and is never done. */
const drip =
  (head: string, piece: string): Answer =>
  (_received, response) => {
    const { socket } = response
    socket?.write(head)
    const timer = setInterval(() => socket?.write(piece), 20)
    socket?.on('close', () => clearInterval(timer))
  }

const FAULTS: Record<string, Fault> = {
  'a reset connection': { answer: () => reset(), reason: 'connection-error', isDown: true },
  'a connection closed without an answer': {
    answer: () => (_received, response) => void response.socket?.end(),
    reason: 'connection-error',
    isDown: true,
  },
  'no answer': { answer: () => () => {}, reason: 'timeout', isDown: true },
  'a head line by line, for ever': {
    answer: () => drip('HTTP/1.1 200 OK\r\n', 'X-A: b\r\n'),
    reason: 'timeout',
    isDown: true,
  },
  'a body octet by octet, for ever': {
    answer: () => drip('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n', '{'),
    reason: 'timeout',
    isDown: true,
  },
  'a body that breaks off': {
    answer: () => (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"access_token":', () => response.destroy())
    },
    reason: 'connection-error',
    isDown: true,
  },
  'a head without end': {
    answer: () => (_received, response) =>
      void response.socket?.end(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(40_000)}`),
    reason: 'connection-error',
    isDown: true,
  },
  'no HTTP': {
    answer: () => (_received, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    reason: 'connection-error',
    isDown: true,
  },
  '10 MB': {
    answer: () => raw(200, 'application/json', `{"access_token":"${'x'.repeat(10_000_000)}"}`),
    reason: 'answer-too-large',
    isDown: true,
  },
  'JSON that does not parse': {
    answer: () => raw(200, 'application/json', '{"access_token":'),
    reason: 'unreadable-answer',
    isDown: true,
  },
  'JSON that is no object': {
    answer: () => json(200, []),
    reason: 'unreadable-answer',
    isDown: true,
  },
  'another content type': {
    answer: () => raw(200, 'text/html', '{}'),
    reason: 'unreadable-answer',
    isDown: true,
  },
  'no token in it': {
    answer: () => json(200, { token_type: 'Bearer' }),
    reason: 'unreadable-answer',
    isDown: true,
  },
  'a token with a line break': {
    answer: ({ endpoint }) => endpoint.issue({}, { access_token: 'a\r\nb' }),
    reason: 'unreadable-answer',
    isDown: true,
  },
  'a token of another type': {
    answer: ({ endpoint }) => endpoint.issue({}, { token_type: 'DPoP' }),
    reason: 'unreadable-answer',
    isDown: true,
  },
  '204': {
    answer: () => raw(204, 'application/json', ''),
    reason: 'unreadable-answer',
    isDown: true,
  },
  '500': {
    answer: () => json(500, { error: 'unknown_error' }),
    reason: 'server-error',
    isDown: true,
  },
  '502 of a proxy in between': {
    answer: () => raw(502, 'text/html', '<html>'),
    reason: 'server-error',
    isDown: true,
  },
  '503': {
    answer: () => json(503, {}, { 'retry-after': '120' }),
    reason: 'server-error',
    isDown: true,
  },
  '429': {
    answer: () => json(429, {}, { 'retry-after': '120' }),
    reason: 'too-many-requests',
    isDown: false,
  },
  'a refusal that is not Keycloak’s': {
    answer: () => raw(403, 'text/html', '<html>blocked</html>'),
    reason: 'unreadable-refusal',
    isDown: false,
  },
}

for (const [name, fault] of Object.entries(FAULTS)) {
  t.test(`Keycloak answers an exchange with ${name}: 503, and the next one is fine`, async (t) => {
    const house = await buildFaultsHouse(t)
    await assertWorks(t, house, 'before')
    house.endpoint.script(fault.answer(house))
    const requests = house.upstream.requests.length
    const token = await house.subject()
    const answer = await house.call(token)
    t.match(answer, {
      status: 503,
      outcome: 'exchange-unavailable',
      reason: fault.reason,
      retryAfter: 1,
    })
    t.match(answer.text, /"code":"exchange_unavailable"/)
    t.notOk(answer.text.includes('denied'), 'nothing of the denial')
    t.equal(house.upstream.requests.length, requests + 1, 'the request was sent once')
    t.equal(await house.gauge('breaker_open'), 0, 'one failure opens nothing')
    t.match(await house.call(token), { outcome: 'stepped-up' }, 'a failure is not remembered')
    await assertWorks(t, house, 'afterwards')
    t.equal(await house.gauge('replay_bytes'), 0)
  })
}

t.test(
  'five in a row open the breaker where Keycloak is down, and not where it lives',
  async (t) => {
    for (const [name, fault] of Object.entries(FAULTS)) {
      const house = await buildFaultsHouse(t, { env: { EXCHANGE_TIMEOUT_MS: '300' } })
      await assertWorks(t, house, name)
      const answer = fault.answer(house)
      house.endpoint.answerAll('token', answer)
      const answers = await Promise.all(Array.from({ length: 5 }, () => house.call()))
      for (const { outcome } of answers) t.equal(outcome, 'exchange-unavailable', name)
      t.equal(await house.gauge('breaker_open'), fault.isDown ? 1 : 0, name)
      const next = await house.call()
      t.match(next, { status: 503, reason: fault.isDown ? 'circuit-open' : fault.reason }, name)
      // One before, five that failed: a seventh came only where nothing holds it back.
      const { length: exchanges } = house.endpoint.exchanges
      t.equal(exchanges > 6, !fault.isDown, `${name}: ${exchanges} exchanges`)
      t.ok(
        (next.retryAfter ?? 0) >= 1 && (next.retryAfter ?? 9) <= 5,
        `${name}: ${next.retryAfter} s`,
      )
      t.equal(/does not answer/.test(await house.problems()), fault.isDown, `${name}: readiness`)
      await house.scopelift.close()
    }
  },
)

t.test('a redirect is not followed, be it to a place that would issue a token', async (t) => {
  let visits = 0
  const canary = createServer((_req, res) => {
    visits += 1
    res.end('{}')
  })
  canary.listen(0, '127.0.0.1')
  await once(canary, 'listening')
  t.teardown(() => void canary.close())
  const address = canary.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const status of [301, 302, 303, 307, 308]) {
    const house = await buildFaultsHouse(t)
    house.endpoint.script(json(status, {}, { location: `http://127.0.0.1:${port}/` }))
    t.match(await house.call(), { status: 503, reason: 'unreadable-answer' }, String(status))
    await assertWorks(t, house, String(status))
  }
  t.equal(visits, 0)
})

/** What Keycloak may refuse: the original denial, and what an operator reads. */
const REFUSED: Record<string, { answer: Answer; reason: string; problem: RegExp | undefined }> = {
  'a dead session': {
    answer: refusal(400, 'invalid_request', 'Invalid token'),
    reason: 'invalid-token',
    problem: undefined,
  },
  'a refusal that nobody has foreseen': {
    answer: refusal(400, 'something_new', 'x'),
    reason: 'unexpected-refusal',
    problem: undefined,
  },
  'a wrong secret': {
    answer: refusal(401, 'unauthorized_client'),
    reason: 'client-secret',
    problem: /secret/,
  },
  'no such realm': {
    answer: json(404, { error: 'Realm does not exist' }),
    reason: 'realm-not-found',
    problem: /no realm/,
  },
  'exchange is off': {
    answer: refusal(
      400,
      'invalid_request',
      'Standard token exchange is not enabled for the requested client',
    ),
    reason: 'exchange-not-enabled',
    problem: /standard\.token\.exchange\.enabled/,
  },
  'an unknown scope': {
    answer: refusal(400, 'invalid_scope', `Invalid scopes: ${SCOPE}`),
    reason: 'scope-not-attached',
    problem: /optional client scope/,
  },
}

t.test('a refusal is the original denial; no breaker opens, and the cure is seen', async (t) => {
  for (const [name, { answer, reason, problem }] of Object.entries(REFUSED)) {
    const house = await buildFaultsHouse(t)
    house.endpoint.answerAll('token', answer)
    for (let i = 0; i < 6; i += 1) {
      const answered = await house.call()
      t.match(
        answered,
        { status: 403, outcome: 'exchange-refused', reason, isOriginalDenial: true },
        name,
      )
    }
    t.equal(await house.gauge('breaker_open'), 0, name)
    t.equal(problem?.test(await house.problems()) ?? true, true, `${name}: readiness`)
    await house.scopelift.close()
  }
})

t.test('a gate that shuts and opens: refused, flapping, and back', async (t) => {
  const house = await buildFaultsHouse(t)
  await assertWorks(t, house, 'before')
  for (let round = 0; round < 4; round += 1) {
    await house.gate.shut()
    t.match(await house.call(), { status: 503, reason: 'connection-error' }, `shut ${round}`)
    await house.gate.open()
    await assertWorks(t, house, `open ${round}`)
  }
  t.equal(await house.gauge('breaker_open'), 0, 'never five in a row')
})

t.test(
  'after an outage the breaker lets one probe through, and everybody after its success',
  async (t) => {
    const house = await buildFaultsHouse(t)
    await assertWorks(t, house, 'before')
    await house.gate.shut()
    const failed = await Promise.all(Array.from({ length: 8 }, () => house.call()))
    t.ok(failed.every(({ status }) => status === 503))
    t.equal(await house.gauge('breaker_open'), 1)
    t.match(await house.problems(), /does not answer/)
    await house.gate.open()
    const { connections } = house.gate
    t.match(
      await house.call(),
      { status: 503, reason: 'circuit-open' },
      'it is held back although Keycloak is up again',
    )
    t.equal(house.gate.connections, connections)
    const deadline = AbortSignal.timeout(15_000)
    let answer = await house.call()
    while (answer.outcome !== 'stepped-up' && !deadline.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      answer = await house.call()
    }
    t.equal(answer.outcome, 'stepped-up')
    t.equal(await house.gauge('breaker_open'), 0)
    t.notMatch(await house.problems(), /does not answer/)
    const all = await Promise.all(Array.from({ length: 8 }, () => house.call()))
    t.ok(all.every(({ outcome }) => outcome === 'stepped-up'))
  },
)

async function assertWorks(t: Test, house: FaultsHouse, when: string): Promise<void> {
  t.match(await house.call(), { status: 200, outcome: 'stepped-up' }, when)
}
