import assert from 'node:assert/strict'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { digText } from '../json.ts'
import { connect } from './chat.ts'

const TRACES = { path: '/v1/telemetry/traces', json: {} }

/** Llama Stack 0.2.23: its refusals name the scope, and it still has agents. */
export function legacyChecks(house: House, alice: string): readonly Check[] {
  return [
    {
      sentence: 'telemetry of 0.2.23 is stepped up by its own hint',
      async run() {
        const { status, outcome } = await house.callLegacy({ ...TRACES, token: alice })
        assert.deepEqual([status, outcome], [200, 'stepped-up'])
      },
    },
    {
      sentence: 'what the hint taught serves the next call before it is sent',
      async run() {
        const before = await house.keycloak.countExchanges()
        const { status, outcome } = await house.callLegacy({ ...TRACES, token: alice })
        assert.deepEqual([status, outcome], [200, 'preempted'])
        assert.equal(await house.keycloak.countExchanges(), before)
      },
    },
    {
      sentence: 'a user without the role gets its 403, which names the scope',
      async run() {
        const token = await house.keycloak.logIn('nobody')
        const { status, outcome, body } = await house.callLegacy({ ...TRACES, token })
        assert.deepEqual([status, outcome], [403, 'scope-not-granted'])
        assert.match(body.toString(), /required scope: telemetry\.read/)
      },
    },
    {
      sentence:
        'an agent is created and a session opened with the scopes that the policy file names',
      async run() {
        const json = { agent_config: { model: 'stub/tiny', instructions: 'Be brief.' } }
        const agent = await house.callLegacy({ path: '/v1/agents', token: alice, json })
        assert.deepEqual([agent.status, agent.outcome], [200, 'preempted'])
        const id = digText(JSON.parse(agent.body.toString()), 'agent_id')
        const session = await house.callLegacy({
          path: `/v1/agents/${id}/session`,
          token: alice,
          json: { session_name: 'first' },
        })
        assert.deepEqual([session.status, session.outcome], [200, 'preempted'])
      },
    },
    {
      sentence: 'the OpenAI SDK reaches the old release under its old prefix',
      async run() {
        const client = connect(house, alice, `${house.legacyOrigin}/v1/openai/v1`)
        const messages = [{ role: 'user' as const, content: 'Good morning' }]
        const completion = await client.chat.completions.create({ model: 'stub/tiny', messages })
        assert.equal(completion.choices[0]?.message.content, 'You said: Good morning')
      },
    },
  ]
}
