// Client authentication at a real Keycloak: `npm run test:client-auth`. Needs Docker; KUBE_API names a tool that starts a
// Kubernetes API server, without which its checks are not run. SCOPELIFT_CLIENT_AUTH=skip leaves the suite out, and says so.
import { stripVTControlCharacters } from 'node:util'
import type { Check, Tally } from '../e2e/check.ts'
import { runChecks } from '../e2e/check.ts'
import { federatedChecks } from './checks/federated.ts'
import { kubernetesChecks } from './checks/kubernetes.ts'
import { mutualTlsChecks } from './checks/mutual-tls.ts'
import { privateKeyChecks } from './checks/private-key.ts'
import { privateKeyFaultChecks } from './checks/private-key-faults.ts'
import type { KeycloakContainer } from './keycloak-container.ts'
import { startKeycloak } from './keycloak-container.ts'
import type { Kubernetes } from './kubernetes.ts'
import { startKubernetes } from './kubernetes.ts'
import { openRealm } from './realm.ts'
import { startSimulatedIssuer } from './simulated-issuer.ts'
import type { Scope } from './teardown.ts'
import { createScope } from './teardown.ts'

const tally: Tally = { passed: 0, failed: 0 }
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(signal)))

await main()
process.exitCode = tally.failed > 0 ? 1 : 0
print(`${tally.passed} passed, ${tally.failed} failed`)

async function main(): Promise<void> {
  if (process.env['SCOPELIFT_CLIENT_AUTH'] === 'skip') {
    print('CLIENT AUTHENTICATION LEFT OUT (SCOPELIFT_CLIENT_AUTH=skip): nothing was checked.')
    return
  }
  const scope = createScope()
  try {
    await checkAll(scope)
  } catch (error) {
    tally.failed++
    print(`✗ ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await scope.close()
  }
}

async function checkAll(scope: Scope): Promise<void> {
  const { signal } = interruption
  const kubernetes = await startKubernetes(process.env, signal)
  const hasKubernetes = typeof kubernetes !== 'string'
  if (hasKubernetes) scope.teardown(() => kubernetes.stop())
  const keycloak = await startKeycloak(scope, {
    port: readPort('CLIENT_AUTH_KEYCLOAK_PORT', 18_082),
    tlsPort: readPort('CLIENT_AUTH_KEYCLOAK_TLS_PORT', 18_445),
    trusted: hasKubernetes ? kubernetes.authority : undefined,
    signal,
  })
  const realm = openRealm(keycloak)
  const cluster = await startSimulatedIssuer(scope, realm.issuer)
  await run('A signed assertion', privateKeyChecks(keycloak, realm))
  await run('Mistakes with keys', privateKeyFaultChecks(keycloak, realm))
  await run('A token from a file', federatedChecks(keycloak, realm, cluster))
  const ofKubernetes = kubernetesChecks(keycloak, realm, () => demand(kubernetes))
  if (hasKubernetes) await run('A Kubernetes API server', ofKubernetes)
  else leaveOut('A Kubernetes API server', ofKubernetes, kubernetes)
  await run('A client certificate', mutualTlsChecks(keycloak, realm))
  if (tally.failed > 0) await printLogs(keycloak)
  if (signal.aborted) throw new Error('interrupted: not all checks ran')
}

async function run(title: string, checks: readonly Check[]): Promise<void> {
  if (interruption.signal.aborted) return
  print(title)
  await runChecks(checks, tally, print, interruption.signal)
}

function leaveOut(title: string, checks: readonly Check[], reason: string): void {
  print(title)
  for (const { sentence } of checks) print(`  – NOT RUN: ${sentence}`)
  print(`${checks.length} NOT RUN: ${reason}`)
}

function demand(kubernetes: Kubernetes | string): Kubernetes {
  if (typeof kubernetes === 'string') throw new Error(kubernetes)
  return kubernetes
}

async function printLogs(keycloak: KeycloakContainer): Promise<void> {
  for (const line of stripVTControlCharacters(await keycloak.logs()).split('\n')) print(line)
}

function readPort(name: string, fallback: number): number {
  const text = process.env[name]
  return text === undefined || text === '' ? fallback : Number(text)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
