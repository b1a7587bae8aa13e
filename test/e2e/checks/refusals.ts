import assert from 'node:assert/strict'
import type { Answer } from '../call.ts'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { CHAT } from './chat.ts'

const CHAT_CALL = { path: '/v1/chat/completions', json: CHAT }

/** Where Scopelift cannot help, the caller sees what OGX says, and nothing else. */
export function refusalChecks(house: House, nobody: string): readonly Check[] {
  return [
    {
      sentence: 'a user without the role gets the very 403 of OGX, byte for byte',
      async run() {
        const own = await house.askOgx({ ...CHAT_CALL, token: nobody })
        const relayed = await house.call({ ...CHAT_CALL, token: nobody })
        assert.equal(relayed.outcome, 'scope-not-granted')
        assertSameDenial(relayed, own)
      },
    },
    {
      sentence: 'what Keycloak silently did not grant is not asked for again',
      async run() {
        const before = await house.keycloak.countExchanges()
        for (let i = 0; i < 5; i++) {
          const { status, outcome } = await house.call({ ...CHAT_CALL, token: nobody })
          assert.deepEqual([status, outcome], [403, 'scope-not-granted'])
        }
        assert.equal(await house.keycloak.countExchanges(), before)
      },
    },
    {
      sentence: 'a scope that every user may have helps that user too',
      async run() {
        const { status, outcome } = await house.call({ path: '/v1/files', token: nobody })
        assert.deepEqual([status, outcome], [200, 'preempted'])
      },
    },
    {
      sentence: 'without a token the caller gets the very 401 of OGX',
      async run() {
        const relayed = await house.call(CHAT_CALL)
        assert.equal(relayed.status, 401)
        assert.equal(relayed.outcome, 'no-subject-token')
        assertSameDenial(relayed, await house.askOgx(CHAT_CALL))
      },
    },
    {
      sentence: 'a forged token gets the very 401 of OGX and costs Keycloak nothing',
      async run() {
        const before = await house.keycloak.countExchanges()
        const token = forge(nobody)
        const relayed = await house.call({ ...CHAT_CALL, token })
        assert.equal(relayed.status, 401)
        assertSameDenial(relayed, await house.askOgx({ ...CHAT_CALL, token }))
        assert.equal(await house.keycloak.countExchanges(), before)
      },
    },
  ]
}

/** RFC 9110 §7.6.1 for the first three; `date` differs by the second, the others are the gateway's own. */
const NOT_END_TO_END = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'date',
  'via',
  'scopelift-outcome',
]

function assertSameDenial(relayed: Answer, own: Answer): void {
  assert.equal(relayed.status, own.status)
  assert.deepEqual(relayed.body, own.body)
  assert.deepEqual(endToEnd(relayed), endToEnd(own))
}

function endToEnd({ fields }: Answer): readonly (readonly [string, string])[] {
  return fields.filter(([name]) => !NOT_END_TO_END.includes(name.toLowerCase()))
}

/** The same claims under a signature that nobody made. */
function forge(token: string): string {
  const [head, claims, signature = ''] = token.split('.')
  const flipped = signature.startsWith('A') ? 'B' : 'A'
  return [head, claims, `${flipped}${signature.slice(1)}`].join('.')
}
