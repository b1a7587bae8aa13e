import { once } from 'node:events'
import { Agent, get } from 'node:http'
import type { Contestant } from '../contestant.ts'
import type { Ground } from '../ground.ts'
import { quantile } from '../report/quantile.ts'
import { show } from '../report/render-table.ts'
import type { Goal } from './goal.ts'

const STREAMS = 300
const MAX_DELAY_MS = 2

/** How much later than at the upstream itself the first event of a stream comes. */
export async function measureFirstEvent(ground: Ground, contestant: Contestant): Promise<Goal> {
  const agent = new Agent({ keepAlive: true })
  const direct: number[] = []
  const proxied: number[] = []
  for (let i = 0; i < STREAMS; i += 1) {
    direct.push(await timeFirstEvent(ground.upstream.url, ground.token, agent))
    proxied.push(await timeFirstEvent(contestant.url, ground.token, agent))
  }
  agent.destroy()
  const later = (share: number) => quantile(proxied, share) - quantile(direct, share)
  return {
    what: 'SSE: first event after the upstream’s, p50 / p99',
    wanted: `within ${MAX_DELAY_MS} ms`,
    measured: `${show(later(0.5), 2)} / ${show(later(0.99), 2)} ms`,
    isMet: later(0.5) < MAX_DELAY_MS,
  }
}

async function timeFirstEvent(url: string, token: string, agent: Agent): Promise<number> {
  const startedMs = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  const [answer] = await once(get(`${url}/events`, { agent, headers }), 'response')
  const ended = once(answer, 'end')
  await once(answer, 'data')
  const firstMs = performance.now() - startedMs
  await ended
  return firstMs
}
