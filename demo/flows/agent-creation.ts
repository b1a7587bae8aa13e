import { textAt } from '../authorization-server/json-fields.ts'
import type { HttpAnswer } from '../http-call.ts'
import type { Scene } from '../scene.ts'
import { logIn, readFields } from '../scene.ts'
import { playStepUp } from './step-up.ts'

/** alice creates an agent and opens a session with it: two routes that refuse without naming a scope. */
export async function playAgentCreation(scene: Scene): Promise<void> {
  const { terminal, expect } = scene
  terminal.heading('Agent creation')
  terminal.line(
    'Llama Stack names the route that it refuses, not the scope: policy.yaml says which.',
  )
  terminal.line()
  const alice = await logIn(scene, 'alice')

  const agent = { agent_config: { model: 'stub/tiny', instructions: 'Be brief.' } }
  const create = { method: 'POST', path: '/v1/agents', json: agent } as const
  const created = await playStepUp(scene, alice, create, 'llama:agent_create')
  const id = fieldOf(created, 'agent_id')
  expect('the answer names the new agent', id !== undefined)

  const path = `/v1/agents/${id}/session`
  const open = { method: 'POST', path, json: { session_name: 'demo' } } as const
  const opened = await playStepUp(scene, alice, open, 'llama:agent_session_create')
  expect('the answer names the new session', fieldOf(opened, 'session_id') !== undefined)
}

function fieldOf(answer: HttpAnswer, name: string): string | undefined {
  return textAt(readFields(answer.body.toString('utf8')), name)
}
