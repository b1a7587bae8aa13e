import type { Compose } from '../e2e/compose.ts'

/** Keycloak's feature can be switched off at its start only. */
export async function startWithoutExchange(compose: Compose, timeoutMs: number): Promise<void> {
  const files = ['-f', 'docker-compose.yml', '-f', 'test/doctor/without-exchange.yaml']
  await compose.run([...files, 'up', '--detach', '--wait', 'keycloak'], { timeoutMs })
}
