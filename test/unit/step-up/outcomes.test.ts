import type { Readable } from 'node:stream'
import type { Test } from 'tap'
import t from 'tap'
import type { Settlement } from '../../../src/call.ts'
import type { ExchangeResult } from '../../../src/step-up/issued-tokens.ts'
import type { Answer } from './attempt.ts'
import { challenge, EXPIRED, GRANTED, jsonDenial, PLAIN_DENIAL } from './denials.ts'
import { issued } from './fake-tokens.ts'
import type { HouseOptions, Visit } from './house.ts'
import { createHouse, settle, streamOf } from './house.ts'

interface Row {
  readonly house?: HouseOptions
  readonly unusable?: string
  readonly body?: () => Readable
  readonly first: Answer
  readonly exchange?: ExchangeResult
  readonly second?: Answer
  readonly settled: Partial<Settlement>
  /** What the caller gets; the first answer where it is left out. */
  readonly gets?: Answer
}

const REFUSED: ExchangeResult = {
  kind: 'refused',
  outcome: 'exchange-refused',
  reason: 'budget',
  exchangeMs: 3,
}

const OUTCOMES: Readonly<Record<string, Row>> = {
  'forwarded: not denied': {
    first: GRANTED,
    settled: { outcome: 'forwarded' },
  },
  'forwarded: an error that is no denial': {
    first: { status: 404, headers: challenge('llama:new').headers ?? [], body: 'none' },
    settled: { outcome: 'forwarded' },
  },
  'stepped-up: by a challenge': {
    first: challenge('llama:new'),
    exchange: issued('wide', 'llama:new', 'openid'),
    second: GRANTED,
    gets: GRANTED,
    settled: {
      outcome: 'stepped-up',
      route: '/v1/things',
      scopesNeeded: ['llama:new'],
      exchangeMs: 7,
      addedMs: 0,
    },
  },
  'stepped-up: by a JSON body': {
    first: jsonDenial('llama:new', 'llama:held'),
    exchange: issued('wide', 'llama:new'),
    second: GRANTED,
    gets: GRANTED,
    settled: { outcome: 'stepped-up', scopesNeeded: ['llama:new'] },
  },
  'stepped-up: the answer of the replay counts, an error too': {
    first: challenge('llama:new'),
    exchange: issued('wide', 'llama:new'),
    second: { status: 500, body: 'oops' },
    gets: { status: 500, body: 'oops' },
    settled: { outcome: 'stepped-up' },
  },
  'no-subject-token: whatever the denial says': {
    house: { held: undefined },
    first: challenge('llama:new'),
    settled: { outcome: 'no-subject-token' },
  },
  'no-hint: before every other refusal': {
    unusable: 'expired',
    first: PLAIN_DENIAL,
    settled: { outcome: 'no-hint', reason: 'none' },
  },
  'no-hint: the scopes are held': {
    first: challenge('llama:held'),
    settled: { outcome: 'no-hint', reason: 'scopes-held', scopesNeeded: ['llama:held'] },
  },
  'no-hint: an expired token is not widened': {
    first: EXPIRED,
    settled: { outcome: 'no-hint', reason: 'invalid-token' },
  },
  'scope-not-allowed: before an unusable token': {
    unusable: 'expired',
    first: challenge('llama:admin'),
    settled: {
      outcome: 'scope-not-allowed',
      reason: 'denied-scopes',
      scopesNeeded: ['llama:admin'],
    },
  },
  'scope-not-allowed: too many': {
    house: { maxScopes: 1 },
    first: challenge('llama:a', 'llama:b'),
    settled: { outcome: 'scope-not-allowed', reason: 'too-many-scopes' },
  },
  'subject-token-unusable: before a body that is not replayable': {
    house: { route: { isReplayable: false } },
    unusable: 'expired',
    body: () => streamOf('body'),
    first: challenge('llama:new'),
    settled: { outcome: 'subject-token-unusable', reason: 'expired' },
  },
  'body-not-replayable: too large': {
    house: { replay: { maxBytes: 10, totalBytes: 1_000 } },
    body: () => streamOf('body'),
    first: challenge('llama:new'),
    settled: { outcome: 'body-not-replayable', reason: 'body-too-large' },
  },
  'body-not-replayable: a route that is never replayed': {
    house: { route: { isReplayable: false } },
    first: challenge('llama:new'),
    settled: { outcome: 'body-not-replayable', reason: 'replay-never', route: 'the route' },
  },
  'exchange-refused: the original denial': {
    first: challenge('llama:new'),
    exchange: REFUSED,
    settled: { outcome: 'exchange-refused', reason: 'budget', exchangeMs: 3, addedMs: 3 },
  },
  'scope-not-granted: the original denial': {
    first: jsonDenial('llama:new'),
    exchange: { ...REFUSED, outcome: 'scope-not-granted', reason: 'dropped' },
    settled: { outcome: 'scope-not-granted', reason: 'dropped' },
  },
  'replay-denied: the second denial': {
    first: challenge('llama:new'),
    exchange: issued('wide', 'llama:new'),
    second: PLAIN_DENIAL,
    gets: PLAIN_DENIAL,
    settled: { outcome: 'replay-denied', scopesNeeded: ['llama:new'], exchangeMs: 7 },
  },
}

function checkAnswer(t: Test, { caller }: Visit, answer: Answer): void {
  t.equal(caller.finalHeads, 1)
  t.equal(caller.status, answer.status)
  t.equal(caller.statusMessage, answer.statusMessage ?? 'Said So')
  t.same(caller.headers, answer.headers ?? [])
  t.equal(caller.body, answer.body ?? '')
  t.equal(caller.events.at(-1), 'end')
}

for (const [name, row] of Object.entries(OUTCOMES)) {
  t.test(name, async (t) => {
    const house = createHouse(row.house)
    house.tokens.unusable = row.unusable
    const visit = house.visit({ body: row.body?.() ?? null })
    await visit.attempt(0).readBody()
    visit.attempt(0).answer(row.first)
    t.equal(house.tokens.asked.length, row.exchange === undefined ? 0 : 1)
    if (row.exchange !== undefined) house.tokens.onlyAsked().land(row.exchange)
    await settle()
    t.equal(visit.attempts.length, row.second === undefined ? 1 : 2)
    if (row.second !== undefined) visit.attempt(1).answer(row.second)
    checkAnswer(t, visit, row.gets ?? row.first)
    t.match(visit.settlements, [row.settled])
    t.equal(visit.settlements.length, 1)
    t.equal(house.memory.bytesInUse, 0)
  })
}

t.test('exchange-unavailable: 503 in place of the denial', async (t) => {
  const house = createHouse()
  const visit = house.visit({ body: streamOf('body') })
  await visit.attempt(0).readBody()
  visit.attempt(0).answer(challenge('llama:new'))
  house.tokens
    .onlyAsked()
    .land({ kind: 'unavailable', reason: 'timeout', retryAfterS: 2.2, exchangeMs: 9 })
  await settle()
  t.equal(visit.caller.status, 503)
  t.same(JSON.parse(visit.caller.body).error.code, 'exchange_unavailable')
  t.equal(visit.caller.headers[visit.caller.headers.indexOf('retry-after') + 1], '3')
  t.equal(
    visit.caller.headers[visit.caller.headers.indexOf('content-length') + 1],
    String(visit.caller.body.length),
  )
  t.match(visit.settlements, [{ outcome: 'exchange-unavailable', reason: 'timeout' }])
  t.equal(visit.caller.finalHeads, 1)
  t.equal(house.memory.bytesInUse, 0)
})

t.test(
  'an exchange that is unavailable is tried again after a second at the earliest',
  async (t) => {
    const house = createHouse()
    const visit = house.visit()
    visit.attempt(0).answer(challenge('llama:new'))
    house.tokens
      .onlyAsked()
      .land({ kind: 'unavailable', reason: 'down', retryAfterS: 0, exchangeMs: 1 })
    await settle()
    t.equal(visit.caller.headers[visit.caller.headers.indexOf('retry-after') + 1], '1')
  },
)

t.test(
  'the exchange is asked with what the operator has set, and the replay has its token',
  async (t) => {
    const house = createHouse({ audience: ['one', 'two'] })
    const visit = house.visit()
    visit.attempt(0).answer(challenge('llama:b', 'llama:a', 'llama:held'))
    const { request } = house.tokens.onlyAsked()
    t.same(request.scopes, ['llama:a', 'llama:b'])
    t.same(request.audience, ['one', 'two'])
    t.equal(request.namedBy, 'upstream')
    t.equal(request.subject, house.subject)
    house.tokens.onlyAsked().land(issued('wide', 'llama:a', 'llama:b'))
    await settle()
    const [first, second] = visit.attempts
    t.equal(first?.authorization, `bearer ${house.subject?.token.expose()}`)
    t.equal(second?.authorization, 'Bearer wide')
    t.same(second?.options.headers, ['x-a', '1', 'Authorization', 'Bearer wide', 'X-B', '2'])
    t.equal(second?.options.path, '/v1/things')
    t.equal(visit.call.issued?.accessToken.expose(), 'wide')
  },
)

t.test('the transport errors of either attempt reach the caller', async (t) => {
  const house = createHouse()
  const early = house.visit()
  early.attempt(0).fail(new Error('refused'))
  t.same(early.caller.events, ['error'])
  const late = house.visit()
  late.attempt(0).answer(challenge('llama:new'))
  house.tokens.onlyAsked().land(issued('wide', 'llama:new'))
  await settle()
  late.attempt(1).fail(new Error('reset'))
  t.equal(late.caller.error?.message, 'reset')
  t.equal(late.caller.finalHeads, 0)
})

t.test(
  'an answer that breaks off after its head reaches the caller as far as it came',
  async (t) => {
    const visit = createHouse().visit()
    visit.attempt(0).start()
    visit.attempt(0).head(GRANTED)
    visit.attempt(0).data('gra')
    visit.attempt(0).fail()
    visit.attempt(0).fail()
    t.same(visit.caller.events, ['start', 'head 200', 'data', 'error'])
    t.match(visit.settlements, [{ outcome: 'forwarded' }])
  },
)

t.test('a dispatch that is no call of the relay passes untouched', async (t) => {
  const passed: unknown[] = []
  const house = createHouse()
  const options = { path: '/', method: 'GET' } as const
  const handler = {}
  const dispatch = house.interceptor((...args) => {
    passed.push(...args)
    return false
  })
  t.equal(dispatch(options, handler), false)
  t.equal(passed[0], options)
  t.equal(passed[1], handler)
})
