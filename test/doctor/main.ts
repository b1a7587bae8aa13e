// Every misconfiguration of a realm, made at a real Keycloak out of the project's own compose file, and doctor asked:
// `npm run test:doctor`. `-- --keep` leaves that Keycloak running for the next run. SCOPELIFT_E2E=skip leaves it all out.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Check, Tally } from '../e2e/check.ts'
import { runChecks } from '../e2e/check.ts'
import type { Compose } from '../e2e/compose.ts'
import { createCompose } from '../e2e/compose.ts'
import { createAdmin } from './admin.ts'
import type { Case } from './case.ts'
import { ASSERTION_CASES } from './cases/assertion-cases.ts'
import { CALLER_CASES } from './cases/caller-cases.ts'
import { CLIENT_CASES } from './cases/client-cases.ts'
import { REALM_CASES } from './cases/realm-cases.ts'
import { SETTINGS_CASES } from './cases/settings-cases.ts'
import { SOUND_CASES } from './cases/sound-cases.ts'
import { startWithoutExchange } from './feature-off.ts'
import { runCase } from './run-case.ts'
import { settle } from './settle.ts'

const { SCOPELIFT_E2E, DOCTOR_KEYCLOAK_PORT = '18102' } = process.env
const ORIGIN = `http://localhost:${DOCTOR_KEYCLOAK_PORT}`
const UP_TIMEOUT_MS = 300_000
const isKept = process.argv.includes('--keep')

const tally: Tally = { passed: 0, failed: 0 }
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(signal)))

const CHAPTERS: readonly (readonly [string, readonly Case[]])[] = [
  ['Nothing is wrong', SOUND_CASES],
  ['The realm', REALM_CASES],
  ['The requester client', CLIENT_CASES],
  ['Its assertions', ASSERTION_CASES],
  ['The settings', SETTINGS_CASES],
  ["The caller's token", CALLER_CASES],
]

const FEATURE_OFF: Case = {
  sentence: 'Keycloak offers no token exchange',
  args: [],
  expected: ['exchange-feature-off', 'token-absent'],
  exitCode: 1,
}

if (SCOPELIFT_E2E === 'skip')
  print('DOCTOR SUITE LEFT OUT (SCOPELIFT_E2E=skip): nothing was checked.')
else await main()
print(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed > 0 ? 1 : 0

async function main(): Promise<void> {
  const compose = createCompose({
    project: 'scopelift-doctor',
    settings: { KEYCLOAK_PORT: DOCTOR_KEYCLOAK_PORT },
  })
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-doctor-'))
  const upstream = await startUpstream()
  try {
    await compose.run(['up', '--detach', '--wait', 'keycloak'], { timeoutMs: UP_TIMEOUT_MS })
    const settings = { upstreamUrl: upstream.url, folder }
    await checkCases(compose, settings)
    if (!isKept) await checkFeatureOff(compose, settings)
  } catch (error) {
    tally.failed++
    print(`✗ ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    upstream.close()
    rmSync(folder, { recursive: true })
    if (!isKept) await compose.run(['down', '--volumes', '--timeout', '5'])
  }
  if (interruption.signal.aborted) {
    tally.failed++
    print('✗ interrupted: not all checks ran')
  }
}

interface Surroundings {
  readonly upstreamUrl: string
  readonly folder: string
}

async function checkCases(compose: Compose, surroundings: Surroundings): Promise<void> {
  const admin = createAdmin({ origin: ORIGIN, password: await readPassword(compose) })
  const cases = CHAPTERS.flatMap(([, some]) => some)
  const settled = await settle(cases, { ...surroundings, admin })
  for (const [title, some] of CHAPTERS) {
    print(title)
    const checks = settled
      .filter(({ one }) => some.includes(one))
      .map(
        ({ one, place, token }): Check => ({
          sentence: one.sentence,
          run: async () => runCase(one, place, await token),
        }),
      )
    await runChecks(checks, tally, print, interruption.signal)
  }
}

/** It starts once more, with the realm that the project ships. */
async function checkFeatureOff(compose: Compose, surroundings: Surroundings): Promise<void> {
  await startWithoutExchange(compose, UP_TIMEOUT_MS)
  const admin = createAdmin({ origin: ORIGIN, password: await readPassword(compose) })
  const [settled] = await settle([FEATURE_OFF], { ...surroundings, admin })
  if (settled === undefined) return
  const { one, place } = settled
  const check = { sentence: one.sentence, run: () => runCase(one, place, undefined) }
  await runChecks([check], tally, print, interruption.signal)
}

async function readPassword(compose: Compose): Promise<string> {
  const read = 'printf %s "$(<"$0")"'
  const text = await compose.exec('keycloak', ['bash', '-c', read, '/run/admin/admin-password'])
  return text.trim()
}

/** Refuses everything, as a protected API does without a token. */
async function startUpstream(): Promise<{ url: string; close(): void }> {
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
