import t from 'tap'
import { Agent } from 'undici'
import { createSecret } from '../../../src/secret.ts'
import type { CircuitBreaker } from '../../../src/token-exchange/circuit-breaker.ts'
import { createCircuitBreaker } from '../../../src/token-exchange/circuit-breaker.ts'
import { clientSecretBasic } from '../../../src/token-exchange/client-secret.ts'
import type { ExchangeOutcome } from '../../../src/token-exchange/exchange-client.ts'
import { createExchangeClient } from '../../../src/token-exchange/exchange-client.ts'
import { DEADLINE } from '../../../src/token-exchange/keycloak-request.ts'
import type { Answer } from '../../support/token-endpoint.ts'
import {
  createSigningKey,
  json,
  raw,
  refusal,
  reset,
  startTokenEndpoint,
} from '../../support/token-endpoint.ts'
import { createClock } from './exchange-harness.ts'

const key = createSigningKey('first', 'ES256')
const WRONG_SECRET = refusal(401, 'unauthorized_client', 'Invalid client credentials')

async function createSubject(
  t: { teardown(end: () => Promise<unknown>): void },
  refreshSecret = async (_secret: { value: string }) => false,
) {
  const clock = createClock()
  const endpoint = await startTokenEndpoint(await key)
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  t.teardown(() => endpoint.close())
  const secret = { value: 'old' }
  const breaker: CircuitBreaker = createCircuitBreaker({
    monotonicNow: clock.monotonicNow,
    onChange: () => {},
  })
  const client = createExchangeClient({
    tokenEndpoint: endpoint.tokenEndpoint,
    dispatcher,
    authentication: clientSecretBasic({
      clientId: 'app',
      secret: () => createSecret(secret.value),
    }),
    refreshSecret: () => refreshSecret(secret),
    breaker,
  })
  const subjectToken = await endpoint.sign({ sub: 'alice', aud: ['app'] })
  const send = async (signal = new AbortController().signal) =>
    describe(await client.send(new URLSearchParams({ subject_token: subjectToken }), signal))
  const secretsSent = () =>
    endpoint.exchanges.map(({ headers }) => {
      const [, credentials = ''] = headers.authorization?.split(' ') ?? []
      return Buffer.from(credentials, 'base64').toString().split(':')[1]
    })
  return { clock, endpoint, breaker, client, secret, send, secretsSent, subjectToken }
}

function describe(outcome: ExchangeOutcome): string {
  if ('reason' in outcome) return `${outcome.kind} ${outcome.reason}`
  return 'fault' in outcome ? `${outcome.kind} ${outcome.fault}` : outcome.kind
}

t.test('the form is posted with credentials and without an Origin', async (t) => {
  const { endpoint, send } = await createSubject(t)
  t.equal(await send(), 'issued')
  const [sent] = endpoint.exchanges
  t.equal(sent?.method, 'POST')
  t.equal(sent?.headers['content-type'], 'application/x-www-form-urlencoded')
  t.equal(sent?.headers.accept, 'application/json')
  t.equal(sent?.headers.origin, undefined)
  t.equal(sent?.headers.authorization, `Basic ${Buffer.from('app:old').toString('base64')}`)
})

t.test('what is no readable answer of Keycloak is an outage', async (t) => {
  const table: [what: string, answer: Answer, outcome: string][] = [
    ['a reset', reset(), 'unavailable connection-error'],
    [
      'invalid JSON',
      raw(200, 'application/json', '{"access_token":'),
      'unavailable unreadable-answer',
    ],
    ['HTML', raw(200, 'text/html', '<html>'), 'unavailable unreadable-answer'],
    ['10 MB', raw(200, 'application/json', 'x'.repeat(10_000_000)), 'unavailable answer-too-large'],
    ['an endless answer', endless, 'unavailable answer-too-large'],
    ['a truncated answer', truncated, 'unavailable connection-error'],
    ['500', json(500, {}), 'unavailable server-error'],
    ['503', raw(503, 'text/plain', 'booting', { 'retry-after': '9' }), 'unavailable server-error'],
    ['429', json(429, {}), 'unavailable too-many-requests'],
  ]
  for (const [what, answer, outcome] of table) {
    const { endpoint, send } = await createSubject(t)
    endpoint.script(answer)
    t.equal(await send(), outcome, what)
    t.equal(await send(), 'issued', `the next exchange after ${what} works`)
  }
})

t.test('a redirect is not followed', async (t) => {
  const canary = await createSubject(t)
  const { endpoint, send } = await createSubject(t)
  for (const status of [301, 302, 303, 307, 308]) {
    endpoint.script(
      raw(status, 'application/json', '{}', { location: canary.endpoint.tokenEndpoint.href }),
    )
    t.equal(await send(), 'unavailable unreadable-answer', `${status}`)
    t.equal(await send(), 'issued')
  }
  t.equal(canary.endpoint.exchanges.length, 0)
})

t.test('the signal bounds head and body, and says who gave up', async (t) => {
  const stalls: [what: string, answer: Answer][] = [
    ['before the head', () => {}],
    ['within the body', (_received, response) => void response.writeHead(200).write('{')],
  ]
  for (const [what, answer] of stalls) {
    for (const [reason, outcome] of [
      [DEADLINE, 'unavailable timeout'],
      [undefined, 'unavailable abandoned'],
    ] as const) {
      const { endpoint, send } = await createSubject(t)
      const controller = new AbortController()
      endpoint.script(async (received, response) => {
        await answer(received, response)
        setImmediate(() => controller.abort(reason))
      })
      t.equal(await send(controller.signal), outcome, what)
    }
  }
  const { endpoint, send } = await createSubject(t)
  t.equal(await send(AbortSignal.abort()), 'unavailable abandoned')
  t.equal(endpoint.exchanges.length, 0)
})

t.test('a 401 reads the secret again, and a changed one is tried once', async (t) => {
  const { endpoint, send, secretsSent } = await createSubject(t, async (secret) => {
    secret.value = 'new'
    return true
  })
  endpoint.script(WRONG_SECRET)
  t.equal(await send(), 'issued')
  t.same(secretsSent(), ['old', 'new'])
  endpoint.script(WRONG_SECRET, WRONG_SECRET)
  t.equal(await send(), 'misconfigured client-secret')
  t.equal(endpoint.exchanges.length, 4, 'never a third time')
})

t.test(
  'an assertion that is refused by 400 invalid_client has its key read again too',
  async (t) => {
    const { endpoint, send, secretsSent } = await createSubject(t, async (secret) => {
      secret.value = 'new'
      return true
    })
    endpoint.script(refusal(400, 'invalid_client', 'Unable to load public key'))
    t.equal(await send(), 'issued')
    t.same(secretsSent(), ['old', 'new'])
  },
)

t.test('a client that has no credentials sends nothing', async (t) => {
  const { endpoint, breaker, subjectToken } = await createSubject(t)
  const client = createExchangeClient({
    tokenEndpoint: endpoint.tokenEndpoint,
    dispatcher: new Agent(),
    authentication: () => 'assertion-file',
    refreshSecret: async () => t.fail('nothing was refused'),
    breaker,
  })
  const form = new URLSearchParams({ subject_token: subjectToken })
  const outcome = await client.send(form, new AbortController().signal)
  t.equal(describe(outcome), 'misconfigured assertion-file')
  t.equal(endpoint.exchanges.length, 0)
})

t.test('credentials that do not come are waited for no longer than the exchange', async (t) => {
  const { endpoint, breaker } = await createSubject(t)
  const client = createExchangeClient({
    tokenEndpoint: endpoint.tokenEndpoint,
    dispatcher: new Agent(),
    authentication: () => new Promise(() => {}),
    refreshSecret: async () => false,
    breaker,
  })
  for (const [reason, outcome] of [
    [DEADLINE, 'unavailable timeout'],
    [undefined, 'unavailable abandoned'],
  ] as const) {
    const controller = new AbortController()
    const sending = client.send(new URLSearchParams(), controller.signal)
    controller.abort(reason)
    t.equal(describe(await sending), outcome)
  }
  t.equal(endpoint.exchanges.length, 0)
})

t.test('the id of the request reaches the assertion', async (t) => {
  const { endpoint, breaker } = await createSubject(t)
  const ids: unknown[] = []
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  const client = createExchangeClient({
    tokenEndpoint: endpoint.tokenEndpoint,
    dispatcher,
    authentication(_form, _headers, requestId) {
      ids.push(requestId)
      return undefined
    },
    refreshSecret: async () => true,
    breaker,
  })
  endpoint.script(WRONG_SECRET, WRONG_SECRET)
  await client.send(new URLSearchParams(), new AbortController().signal, 'r-1')
  t.same(ids, ['r-1', 'r-1'])
})

t.test('an unchanged or unreadable secret is not tried again', async (t) => {
  const refreshes = [
    async () => false,
    async () => {
      throw new Error('no such file')
    },
  ]
  for (const refresh of refreshes) {
    const { endpoint, send } = await createSubject(t, refresh)
    endpoint.script(WRONG_SECRET)
    t.equal(await send(), 'misconfigured client-secret')
    t.equal(endpoint.exchanges.length, 1)
  }
})

t.test('a secret that somebody else has read meanwhile is tried without reading it', async (t) => {
  let refreshes = 0
  const { endpoint, client, secret, send, secretsSent } = await createSubject(t, async () => {
    refreshes += 1
    return false
  })
  endpoint.script((received, response) => {
    secret.value = 'new'
    client.noteNewSecret()
    return WRONG_SECRET(received, response)
  })
  t.equal(await send(), 'issued')
  t.same(secretsSent(), ['old', 'new'])
  t.equal(refreshes, 0)
})

t.test('other misconfigurations do not read the secret', async (t) => {
  let refreshes = 0
  const { endpoint, send } = await createSubject(t, async () => {
    refreshes += 1
    return true
  })
  endpoint.script(refusal(404, 'Realm does not exist'), refusal(400, 'unsupported_grant_type'))
  t.equal(await send(), 'misconfigured realm-not-found')
  t.equal(await send(), 'misconfigured exchange-not-supported')
  t.equal(refreshes, 0)
})

t.test('five outages in a row keep exchanges away from Keycloak', async (t) => {
  for (const answer of [reset(), json(500, {}), raw(302, 'text/html', '')]) {
    const { clock, endpoint, send } = await createSubject(t)
    endpoint.answerAll('token', answer)
    for (let count = 0; count < 5; count += 1) await send()
    t.equal(await send(), 'unavailable circuit-open')
    t.equal(endpoint.exchanges.length, 5)
    endpoint.answerAll('token', undefined)
    clock.advance(5000)
    t.equal(await send(), 'issued')
  }
})

t.test('4xx, 429 and callers who leave never open the breaker', async (t) => {
  const { endpoint, send } = await createSubject(t)
  const answers = [
    refusal(400, 'invalid_request', 'Invalid token'),
    WRONG_SECRET,
    json(429, {}),
    raw(413, 'text/html', ''),
  ]
  for (const answer of answers) {
    endpoint.script(...Array.from({ length: 6 }, () => answer))
    for (let count = 0; count < 6; count += 1) await send()
    t.equal(await send(), 'issued')
  }
  for (let count = 0; count < 6; count += 1) {
    const leaving = new AbortController()
    endpoint.script(() => leaving.abort())
    t.equal(await send(leaving.signal), 'unavailable abandoned')
  }
  t.equal(await send(), 'issued')
})

const endless: Answer = (_received, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const more = () => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  }
  response.on('drain', more)
  more()
}

const truncated: Answer = (_received, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"access_token":"a.b.c","token_type":"Bearer"}', () => response.destroy())
}
