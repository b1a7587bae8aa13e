import assert from 'node:assert/strict'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { digText } from '../json.ts'
import { waitUntil } from '../wait-until.ts'
import { CHAT } from './chat.ts'

const CHAT_CALL = { path: '/v1/chat/completions', json: CHAT }
const ROTATION_MS = 20_000

/** A new client secret: first at Keycloak, then in the file, and no restart. `secrets` is told of it. */
export function rotationChecks(house: House, secrets: Set<string>): readonly Check[] {
  let startedAt: string | undefined
  let rotated = ''
  return [
    {
      sentence: 'with a dead secret the caller gets the 403 of OGX, and readiness names the remedy',
      async run() {
        startedAt = await readStart(house)
        rotated = await house.keycloak.regenerateSecret()
        secrets.add(rotated)
        const token = await house.keycloak.logIn('alice')
        const { status, outcome } = await house.call({ ...CHAT_CALL, token })
        assert.deepEqual([status, outcome], [403, 'exchange-refused'])
        assert.match(await house.askAdmin('/readyz'), /"status":"degraded".*secret/i)
      },
    },
    {
      sentence: 'the new secret counts as soon as it stands in the file, without a restart',
      async run() {
        await house.writeClientSecret(rotated)
        await waitUntil('a call with the new secret', ROTATION_MS, async () => {
          const token = await house.keycloak.logIn('alice')
          return (await house.call({ ...CHAT_CALL, token })).status === 200
        })
        assert.match(await house.askAdmin('/readyz'), /"status":"ok"/)
        assert.equal(await readStart(house), startedAt)
      },
    },
  ]
}

async function readStart(house: House): Promise<string> {
  return digText(JSON.parse(await house.compose.inspect('scopelift')), 0, 'State', 'StartedAt')
}
