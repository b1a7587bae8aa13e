import assert from 'node:assert/strict'
import { waitUntil } from '../e2e/wait-until.ts'
import type { Teardown } from '../support/demo-servers.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import { readAll, requireScope, startUpstream } from '../support/upstream.ts'
import type { KeycloakContainer } from './keycloak-container.ts'
import type { Realm } from './realm.ts'

/** Scopelift between an upstream that wants a scope and the real Keycloak. */
export interface House {
  readonly scopelift: RunningScopelift
  /** One request of alice with a token of her own: `200 stepped-up`. */
  call(): Promise<string>
  /** What `/readyz` answers, as text. */
  readiness(): Promise<string>
  /** Callers that call until the work is done; what came of their calls. */
  whileCalling(work: () => Promise<void>): Promise<readonly string[]>
}

const SCOPE = 'llama:agent_create'
const CALLERS = 3

export async function startHouse(
  t: Teardown,
  keycloak: KeycloakContainer,
  realm: Realm,
  env: Readonly<Record<string, string>>,
): Promise<House> {
  const upstream = await startUpstream(t, async (req, res, seen) => {
    await readAll(req, seen)
    if (requireScope(req, res, SCOPE)) res.end('granted')
  })
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer: keycloak,
    env: {
      KEYCLOAK_CLIENT_SECRET: '',
      EXCHANGE_TIMEOUT_MS: '30000',
      EXCHANGES_PER_MINUTE: '0',
      ...env,
    },
  })
  let calls = 0
  async function call(): Promise<string> {
    calls += 1
    const answer = await fetch(`${scopelift.url}/${calls}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await realm.logIn('alice')}` },
      body: '{}',
      signal: AbortSignal.timeout(60_000),
    })
    await answer.text()
    return `${answer.status} ${answer.headers.get('scopelift-outcome')}`
  }
  return {
    scopelift,
    call,
    readiness: async () => (await fetch(`${scopelift.adminUrl}/readyz`)).text(),
    async whileCalling(work) {
      const answers: string[] = []
      let isOver = false
      const callers = Array.from({ length: CALLERS }, async () => {
        while (!isOver) answers.push(await call())
      })
      try {
        await waitUntil('the first calls', 60_000, async () => answers.length >= CALLERS)
        await work()
        const enough = answers.length + CALLERS
        await waitUntil('some more calls', 60_000, async () => answers.length >= enough)
      } finally {
        isOver = true
        await Promise.all(callers)
      }
      return answers
    },
  }
}

export const GRANTED = '200 stepped-up'

/** Refused as our own fault: the upstream's denial, and readiness in words that name the remedy. */
export async function assertRefused(house: House, remedy: RegExp): Promise<void> {
  assert.equal(await house.call(), '403 exchange-refused')
  assert.match(await house.readiness(), remedy)
}

export function assertAllGranted(answers: readonly string[]): void {
  assert.deepEqual([...new Set(answers)], [GRANTED])
}
