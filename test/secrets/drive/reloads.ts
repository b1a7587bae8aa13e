import { rm, writeFile } from 'node:fs/promises'
import type { Check } from '../../e2e/check.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import { until } from './keycloak.ts'
import { expectOutcome } from './outcomes.ts'

const SCOPE = 'llama:agent_create'
const GOOD_POLICY = `routes:\n  - match: { method: POST, path: /v1/x }\n    scopes: [${SCOPE}]\n`

/** Files that change while Scopelift runs, for the worse. */
export function reloadChecks(house: House): readonly Check[] {
  const plant = () => house.needles.plant('a secret in a file that changed')
  return [
    {
      sentence: 'a policy and a configuration that hold secrets break while running',
      async run() {
        const policy = await house.file('policy.yaml', GOOD_POLICY)
        const stack = await house.file('run.yaml', `version: 2\napi_key: ${plant()}\n`)
        const env = { POLICY_FILE: policy, LLAMA_STACK_CONFIG: stack }
        await house.withScopelift({ name: 'reload', env }, async (running) => {
          for (const text of [`key: *${plant()}`, `key: |${plant()}\n x`, `key: [${plant()}`]) {
            await writeFile(policy, text)
            await writeFile(stack, text)
            await until(async () => /stays in use.*stays in use/.test(await running.ask('/readyz')))
          }
          await rm(policy)
          await until(async () => /cannot be read/.test(await running.ask('/readyz')))
        })
      },
    },
    {
      sentence: 'the secret is replaced, emptied and taken away while running',
      async run() {
        const file = await house.file('client-secret', house.secret)
        const env = { KEYCLOAK_CLIENT_SECRET_FILE: file }
        await house.withScopelift({ name: 'rotation', env }, async (running) => {
          house.behave((req, res) => {
            if (requireScope(req, res, SCOPE)) res.end('granted')
          })
          await expectOutcome(house, running, 'stepped-up', await house.token())
          await writeFile(file, plant())
          await until(() => running.program.stdout().includes('read anew'))
          await expectOutcome(house, running, 'exchange-refused', await house.token())
          await writeFile(file, '')
          await until(async () => /is empty/.test(await running.ask('/readyz')))
          await rm(file)
          await until(async () => /cannot be read/.test(await running.ask('/readyz')))
        })
      },
    },
  ]
}
