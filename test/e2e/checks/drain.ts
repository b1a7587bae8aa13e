import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { dig } from '../json.ts'

/** SIGTERM while streams run and calls come in. */
export function drainChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'SIGTERM under load loses no accepted request, and the process ends with 0',
      async run() {
        const token = await house.keycloak.logIn('alice')
        const report: unknown = JSON.parse(await loadAndStop(house, token))
        const streams = dig(report, 'streams')
        assert.equal(dig(report, 'streamsCompleted'), streams, JSON.stringify(report))
        assert.deepEqual(dig(report, 'lost'), [], JSON.stringify(report))
        assert.ok(Number(dig(report, 'answered')) > 0, 'calls came in')
        assert.equal(dig(report, 'isRefusedAtTheEnd'), true, 'the load outlived the process')
        const state: unknown = JSON.parse(await house.compose.inspect('scopelift'))
        assert.equal(dig(state, 0, 'State', 'ExitCode'), 0)
      },
    },
    {
      sentence: 'started again, it is healthy',
      run: () => house.up(),
    },
  ]
}

/** The load runs beside Scopelift, in the network: the published port would take connections that nobody accepts. */
async function loadAndStop(house: House, token: string): Promise<string> {
  const script = await readFile(new URL('../inside/load.mjs', import.meta.url), 'utf8')
  const command = ['node', '--input-type=module', '-e', script]
  const load = house.compose.exec('model', command, JSON.stringify({ token }))
  const [report] = await Promise.all([load, stopUnderLoad(house)])
  return report
}

async function stopUnderLoad(house: House): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await house.compose.run(['stop', 'scopelift'])
}
