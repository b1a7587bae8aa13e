import assert from 'node:assert/strict'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'

const TOKEN = /eyJ[\w-]{16,}/

/** After all that: neither a token nor a secret stands anywhere it should not. `secrets` holds every secret that was. */
export function secrecyChecks(
  house: House,
  secrets: ReadonlySet<string>,
  readOutput: () => string,
): readonly Check[] {
  return [
    {
      sentence: 'no log of any container holds a token or the secret',
      async run() {
        const logs = await house.compose.run(['logs', '--no-color', '--timestamps'])
        assert.ok(logs.includes('"outcome":"preempted"'), 'the audit lines are among them')
        assertClean(logs, secrets)
      },
    },
    {
      sentence: 'no caller was shown an issued token or the secret, and this suite prints none',
      async run() {
        assert.ok(house.transcript.text().length > 0)
        assertClean(house.transcript.text(), secrets)
        assertClean(readOutput(), secrets)
      },
    },
    {
      sentence: 'metrics hold no token and no secret',
      async run() {
        const metrics = await house.askAdmin('/metrics')
        assert.match(metrics, /scopelift_requests_total\{/)
        assertClean(metrics, secrets)
      },
    },
  ]
}

/** Names the place by line number only: a failure must not print what it found. */
function assertClean(text: string, secrets: ReadonlySet<string>): void {
  assert.ok(secrets.size > 0, 'the secrets are known')
  const found = text.split('\n').flatMap((line, index) => {
    if (TOKEN.test(line))
      return [`a token in line ${index + 1}: ${line.slice(0, line.search(TOKEN))}…`]
    return [...secrets].some((secret) => line.includes(secret))
      ? [`a secret in line ${index + 1}`]
      : []
  })
  assert.deepEqual(found, [])
}
