import type { AuthorizationServer } from '../../../demo/authorization-server/start-authorization-server.ts'
import type { Random } from '../random.ts'

export interface Weather {
  readonly faults: number
  stop(): void
}

type Fault = Parameters<AuthorizationServer['faults']['next']>[0]

const CHANGES_EVERY_MS = 200
const HUGE_BYTES = 300_000

/** Troubles Keycloak: every 200 ms none, one or two of the next exchanges fail, and now and then a fetch of the keys. */
export function troubleKeycloak(server: AuthorizationServer, random: Random): Weather {
  let faults = 0
  const timer = setInterval(() => {
    server.faults.clear()
    const count = random.pick([0, 0, 1, 1, 2])
    for (let i = 0; i < count; i += 1) server.faults.next(drawFault(random))
    if (random.chance(0.05)) server.faults.next({ kind: 'reset' }, 'certs')
    faults += count
  }, CHANGES_EVERY_MS)
  return {
    get faults() {
      return faults
    },
    stop() {
      clearInterval(timer)
      server.faults.clear()
    },
  }
}

function drawFault(random: Random): Fault {
  return random.pick<Fault>([
    { kind: 'delay', ms: random.whole(1, 800) },
    { kind: 'stall' },
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'answer', status: random.pick([500, 502, 503]), body: '{"error":"server_error"}' },
    { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body: '{}' },
    { kind: 'answer', status: 200, body: '{"access_token":' },
    { kind: 'huge-body', bytes: HUGE_BYTES },
    { kind: 'drop-scopes', scopes: ['mcp:list_files', 'llama:agent_create'] },
    { kind: 'bad-signature' },
    { kind: 'claims', claims: { sub: 'somebody-else' } },
    { kind: 'answer-fields', fields: { expires_in: 1 } },
  ])
}
