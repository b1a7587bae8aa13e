import { Pool } from 'undici'
import { basicCredentials, exchangeForm, REQUESTER } from '../../test/support/demo-servers.ts'
import type { Contestant } from '../contestant.ts'
import type { Ground } from '../ground.ts'
import { median } from '../report/quantile.ts'
import { show } from '../report/render-table.ts'
import { SCOPE } from '../upstream/answers.ts'
import type { Goal } from './goal.ts'

const CALLS = 200
const WARMING_CALLS = 50
const MAX_OWN_MS = 3
const PATH = '/guarded/cold'

/** What a first step-up costs beyond the denial, the exchange and the granted call that anybody would have to make. */
export async function measureColdLatency(ground: Ground, contestant: Contestant): Promise<Goal> {
  const { upstream, keycloak } = ground
  const tokens = await keycloak.mint(CALLS + WARMING_CALLS)
  const direct = new Pool(upstream.url)
  const realm = new Pool(new URL(keycloak.tokenEndpoint).origin)
  const proxy = new Pool(contestant.url)
  const parts: number[] = []
  const whole: number[] = []
  for (const token of tokens) {
    const denied = await timed(() => call(direct, token))
    const exchanged = await timed(() => exchange(realm, ground, token))
    const granted = await timed(() => call(direct, `${token}x`))
    parts.push(denied + exchanged + granted)
    whole.push(await timed(() => call(proxy, token)))
  }
  await Promise.all([direct, realm, proxy].map((pool) => pool.destroy()))
  const p50 = (times: readonly number[]) => median(times.slice(WARMING_CALLS))
  const ownMs = p50(whole) - p50(parts)
  return {
    what: 'cold step-up: beyond 2 round trips to the upstream and 1 to Keycloak, p50',
    wanted: `under ${MAX_OWN_MS} ms`,
    measured: `${show(ownMs, 2)} ms (${show(p50(whole), 2)} in all)`,
    isMet: ownMs < MAX_OWN_MS,
  }
}

async function timed(call: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await call()
  return performance.now() - startedMs
}

async function call(pool: Pool, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await pool.request({ path: PATH, method: 'GET', headers })
  await answer.body.dump()
}

async function exchange(pool: Pool, { keycloak }: Ground, token: string): Promise<void> {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(
    exchangeForm(token, { scope: SCOPE, audience: REQUESTER }),
  )) {
    // The client says who it is in the header.
    if (!name.startsWith('client_')) form.append(name, String(value))
  }
  const answer = await pool.request({
    path: new URL(keycloak.tokenEndpoint).pathname,
    method: 'POST',
    headers: {
      ...basicCredentials(REQUESTER, keycloak.secret),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form.toString(),
  })
  await answer.body.dump()
  if (answer.statusCode !== 200) throw new Error(`Keycloak answers ${answer.statusCode}`)
}
