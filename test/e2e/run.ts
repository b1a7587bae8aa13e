// The whole house out of the project's own compose file, driven from outside: `npm run test:e2e`.
// SCOPELIFT_E2E=skip leaves it out, and says so.
import { stripVTControlCharacters } from 'node:util'
import { createTranscript } from './call.ts'
import type { Check, Tally } from './check.ts'
import { runChecks } from './check.ts'
import { chatChecks } from './checks/chat.ts'
import { containerChecks } from './checks/container.ts'
import { differentialChecks } from './checks/differential.ts'
import { drainChecks } from './checks/drain.ts'
import { fileAndResponseChecks } from './checks/files-and-responses.ts'
import { legacyChecks } from './checks/legacy.ts'
import { outageChecks } from './checks/outage.ts'
import { refusalChecks } from './checks/refusals.ts'
import { rotationChecks } from './checks/rotation.ts'
import { secrecyChecks } from './checks/secrecy.ts'
import { webSocketChecks } from './checks/web-socket.ts'
import { runDocker } from './compose.ts'
import type { House } from './house.ts'
import { createHouse } from './house.ts'

const PROJECT = 'scopelift-e2e'
const LOG_LINE_LENGTH = 400

const printed: string[] = []
const tally: Tally = { passed: 0, failed: 0 }
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(signal)))

process.exitCode = await main()
print(`${tally.passed} passed, ${tally.failed} failed`)

async function main(): Promise<number> {
  const { SCOPELIFT_E2E } = process.env
  if (SCOPELIFT_E2E === 'skip') {
    print('END-TO-END SUITE LEFT OUT (SCOPELIFT_E2E=skip): nothing was checked.')
    return 0
  }
  const missing = await findMissing()
  if (missing !== undefined) {
    print(`✗ ${missing}`)
    print('  The end-to-end suite needs Docker Engine 25 or later with compose 2.')
    print('  SCOPELIFT_E2E=skip leaves it out.')
    tally.failed++
    return 1
  }
  const house = createHouse({
    project: PROJECT,
    keycloakPort: readPort('E2E_KEYCLOAK_PORT', 18_002),
    scopeliftPort: readPort('E2E_SCOPELIFT_PORT', 18_322),
    legacyPort: readPort('E2E_SCOPELIFT_LEGACY_PORT', 18_422),
    transcript: createTranscript(),
    signal: interruption.signal,
  })
  try {
    await bringUp(house)
    await checkAll(house)
    if (tally.failed > 0) await printLogs(house)
  } catch (error) {
    if (!interruption.signal.aborted) {
      tally.failed++
      print(`✗ ${error instanceof Error ? error.message : String(error)}`)
      await printLogs(house)
    }
  } finally {
    await runChecks([takenDown(house)], tally, print, new AbortController().signal)
  }
  if (interruption.signal.aborted) {
    tally.failed++
    print('✗ interrupted: not all checks ran')
  }
  return tally.failed > 0 ? 1 : 0
}

async function bringUp(house: House): Promise<void> {
  await house.down()
  await timed('built', () => house.build())
  await timed('all healthy', () => house.up())
  await house.keycloak.keepEvents()
}

async function checkAll(house: House): Promise<void> {
  const alice = await house.keycloak.logIn('alice')
  const nobody = await house.keycloak.logIn('nobody')
  const secrets = new Set(await house.readSecrets())
  const chapters: readonly (readonly [string, readonly Check[]])[] = [
    ['The container', containerChecks(house)],
    ['Chat', chatChecks(house, alice)],
    ['Files and responses', fileAndResponseChecks(house, alice)],
    ['WebSocket', webSocketChecks(house, alice, nobody)],
    ['Refusals', refusalChecks(house, nobody)],
    ['Llama Stack 0.2.23', legacyChecks(house, alice)],
    ['The policy', differentialChecks(house)],
    ['Keycloak away', outageChecks(house, alice)],
    ['A new secret', rotationChecks(house, secrets)],
    ['The end of a process', drainChecks(house)],
    ['Secrecy', secrecyChecks(house, secrets, () => printed.join('\n'))],
  ]
  for (const [title, checks] of chapters) {
    if (interruption.signal.aborted) return
    print(title)
    await runChecks(checks, tally, print, interruption.signal)
  }
}

function takenDown(house: House): Check {
  return {
    sentence: 'all that was brought up is taken down again, volumes too',
    async run() {
      await timed('down', () => house.down())
      const label = `label=com.docker.compose.project=${PROJECT}`
      const left = [
        await runDocker(['ps', '--all', '--quiet', '--filter', label]),
        await runDocker(['volume', 'ls', '--quiet', '--filter', label]),
        await runDocker(['network', 'ls', '--quiet', '--filter', label]),
      ].join('')
      if (left !== '') throw new Error(`left behind: ${left}`)
    },
  }
}

async function findMissing(): Promise<string | undefined> {
  try {
    await runDocker(['compose', 'version'])
    await runDocker(['version', '--format', '{{.Server.Version}}'])
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `Docker is missing, or does not answer: ${reason}`
  }
}

async function printLogs(house: House): Promise<void> {
  try {
    const logs = await house.compose.run(['logs', '--no-color', '--tail', '15'])
    for (const line of stripVTControlCharacters(logs).split('\n'))
      print(line.slice(0, LOG_LINE_LENGTH))
  } catch {
    print('(there are no logs)')
  }
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  await work()
  print(`· ${what} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

function readPort(name: string, fallback: number): number {
  const text = process.env[name]
  return text === undefined || text === '' ? fallback : Number(text)
}

function print(line: string): void {
  printed.push(line)
  process.stdout.write(`${line}\n`)
}
