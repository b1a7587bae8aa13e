import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Check } from '../check.ts'
import { runDifferential } from '../differential/run-differential.ts'
import type { House } from '../house.ts'

/** OGX's own functions and ours are asked the same questions, in the image that the house runs. */
export function differentialChecks(house: House): readonly Check[] {
  return [
    {
      sentence: "of random rule sets, OGX's own decision and ours are the same",
      async run() {
        const script = await readFile(
          new URL('../differential/ogx_verdicts.py', import.meta.url),
          'utf8',
        )
        const result = await runDifferential({
          runPython: (stdin) => house.compose.exec('ogx', ['python', '-c', script], stdin),
        })
        assert.equal(result.ogxVersion, '1.5.0')
        assert.ok(result.cases > 1000, `only ${result.cases} requests were compared`)
        assert.deepEqual(result.mismatches, [], `seed ${result.seed}`)
      },
    },
  ]
}
