import t from 'tap'
import { json } from '../support/token-endpoint.ts'
import { buildFaultsHouse } from './faults-house.ts'

t.test(
  'the budget of a sub counts failures too, and ends its exchanges, not those of others',
  async (t) => {
    const house = await buildFaultsHouse(t, { env: { EXCHANGES_PER_MINUTE: '3' } })
    const alice = () => house.subject({ sub: 'alice', jti: String(Math.random()) })
    t.match(await house.call(await alice()), { outcome: 'stepped-up' })
    house.endpoint.script(json(500, {}))
    t.match(await house.call(await alice()), { status: 503, outcome: 'exchange-unavailable' })
    t.match(await house.call(await alice()), { outcome: 'stepped-up' })
    const exchanges = house.endpoint.exchanges.length
    for (let i = 0; i < 3; i += 1) {
      t.match(await house.call(await alice()), {
        status: 403,
        outcome: 'exchange-refused',
        reason: 'budget',
        isOriginalDenial: true,
      })
    }
    t.equal(house.endpoint.exchanges.length, exchanges, 'Keycloak is not asked')
    t.match(await house.call(), { outcome: 'stepped-up' }, 'somebody else')
    t.equal(await house.gauge('breaker_open'), 0)
  },
)

t.test('what the open breaker holds back costs no budget', async (t) => {
  const house = await buildFaultsHouse(t, { env: { EXCHANGES_PER_MINUTE: '2' } })
  await house.call()
  house.endpoint.answerAll('token', json(500, {}))
  for (let i = 0; i < 5; i += 1) await house.call()
  t.equal(await house.gauge('breaker_open'), 1)
  for (let i = 0; i < 5; i += 1) {
    const token = await house.subject({ sub: 'alice', jti: String(i) })
    t.match(await house.call(token), { status: 503, reason: 'circuit-open' })
  }
})

t.test('a token out of the cache costs no budget', async (t) => {
  const house = await buildFaultsHouse(t, { env: { EXCHANGES_PER_MINUTE: '1' } })
  const token = await house.subject()
  for (let i = 0; i < 5; i += 1) t.match(await house.call(token), { outcome: 'stepped-up' })
  t.equal(house.endpoint.exchanges.length, 1)
})

t.test(
  'the budget of all together holds in a burst, and a second later there is more',
  async (t) => {
    const house = await buildFaultsHouse(t, { env: { EXCHANGES_PER_SECOND: '5' } })
    await house.call()
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const exchanges = house.endpoint.exchanges.length
    const answers = await Promise.all(Array.from({ length: 20 }, () => house.call()))
    const refused = answers.filter(({ outcome }) => outcome === 'exchange-refused')
    const granted = answers.filter(({ outcome }) => outcome === 'stepped-up')
    t.equal(refused.length + granted.length, 20)
    t.equal(house.endpoint.exchanges.length - exchanges, granted.length)
    // A burst may begin in one window and end in the next.
    t.ok(granted.length >= 5 && granted.length <= 10, `${granted.length} of 20`)
    t.ok(refused.every(({ isOriginalDenial }) => isOriginalDenial))
    await new Promise((resolve) => setTimeout(resolve, 1100))
    t.match(await house.call(), { outcome: 'stepped-up' })
  },
)

t.test(
  'an outage under load: no more reach Keycloak than were under way, and every caller has an answer',
  async (t) => {
    const house = await buildFaultsHouse(t)
    await house.call()
    house.endpoint.answerAll('token', () => {})
    const first = await Promise.all(Array.from({ length: 10 }, () => house.call()))
    t.ok(first.every(({ status, retryAfter }) => status === 503 && (retryAfter ?? 0) >= 1))
    const exchanges = house.endpoint.exchanges.length
    const second = await Promise.all(Array.from({ length: 40 }, () => house.call()))
    t.ok(second.every(({ status, reason }) => status === 503 && reason !== undefined))
    t.equal(house.endpoint.exchanges.length, exchanges, 'the breaker holds them back')
    t.equal(await house.gauge('exchanges_total\\{result="unavailable"\\}'), 50)
    t.equal(await house.gauge('replay_bytes'), 0)
  },
)

t.test('what needs no exchange goes on while Keycloak is down', async (t) => {
  const house = await buildFaultsHouse(t)
  const token = await house.subject()
  t.match(await house.call(token, '/known'), { outcome: 'stepped-up' })
  await house.gate.shut()
  for (let i = 0; i < 6; i += 1) t.match(await house.call(), { status: 503 })
  t.equal(await house.gauge('breaker_open'), 1)
  t.match(await house.call(token, '/known'), { status: 200, outcome: 'preempted' }, 'a known token')
  t.match(
    await house.call(token, '/other'),
    { status: 200, outcome: 'stepped-up' },
    'on another path too',
  )
  const held = await house.subject({ scope: 'openid llama:agent_create' })
  t.match(await house.call(held), { status: 200, outcome: 'forwarded' }, 'who holds the scope')
  t.match(await house.call('opaque'), {
    status: 403,
    outcome: 'subject-token-unusable',
    isOriginalDenial: true,
  })
})
