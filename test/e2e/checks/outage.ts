import assert from 'node:assert/strict'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { waitUntil } from '../wait-until.ts'
import { CHAT } from './chat.ts'

const CHAT_CALL = { path: '/v1/chat/completions', json: CHAT }
/** The breaker's pause, a probe, and time to spare. */
const RECOVERY_MS = 30_000

/** Keycloak goes away in the middle of the day, and comes back. */
export function outageChecks(house: House, alice: string): readonly Check[] {
  let fresh: string | undefined
  const call = (token: string) => house.call({ ...CHAT_CALL, token })
  return [
    {
      sentence: 'with Keycloak stopped, a call that needs an exchange gets 503 and Retry-After',
      async run() {
        fresh = await house.keycloak.logIn('alice')
        await call(alice)
        await house.compose.run(['stop', 'keycloak'])
        const { status, outcome, fields, body } = await call(fresh)
        assert.deepEqual([status, outcome], [503, 'exchange-unavailable'])
        const wait = fields.find(([name]) => name.toLowerCase() === 'retry-after')
        assert.match(wait?.[1] ?? '', /^[1-9][0-9]*$/)
        assert.equal(JSON.parse(body.toString()).error.code, 'exchange_unavailable')
      },
    },
    {
      sentence: 'meanwhile a call whose issued token is cached, and one that needs none, go on',
      async run() {
        assert.equal((await call(alice)).status, 200)
        assert.equal((await house.call({ path: '/v1/models', token: fresh ?? '' })).status, 200)
      },
    },
    {
      sentence: 'when Keycloak is back, the same call is served',
      async run() {
        await house.compose.run(['start', 'keycloak'])
        const statuses = [(await call(fresh ?? '')).status]
        await house.up()
        await waitUntil('a call after the outage', RECOVERY_MS, async () => {
          const { status } = await call(fresh ?? '')
          statuses.push(status)
          return status === 200
        })
        const other = statuses.filter((status) => status !== 503 && status !== 200)
        assert.deepEqual(other, [], 'until then the caller is told to come again')
      },
    },
  ]
}
