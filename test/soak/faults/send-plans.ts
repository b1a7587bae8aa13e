import { Agent } from 'node:http'
import type { Ending } from '../call.ts'
import { call } from '../call.ts'
import type { House } from '../house.ts'
import type { Identity } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import type { Surroundings } from '../scenario.ts'
import { judgeEnding } from './judge-ending.ts'
import type { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'
import { drawPlan } from './plan.ts'

/** What the calls so far have come to. */
export interface Tally {
  /** By status, or by the way a call ended without one. */
  readonly endings: Map<string, number>
  readonly defects: string[]
  /** 502s that no plan explains. */
  readonly races: string[]
  slowestMs: number
}

export const CALLERS = 64
const CALL_DEADLINE_MS = 15_000
/** The rest takes a new connection for every call. */
const KEPT_SHARE = 0.9

export function createTally(): Tally {
  return { endings: new Map(), defects: [], races: [], slowestMs: 0 }
}

/** Sends the requests from `first` up to, not including, `end`, and judges each; closes its connections at the end. */
export async function sendPlans(
  around: Surroundings,
  { house, ledger, tally }: { house: House; ledger: Ledger; tally: Tally },
  first: number,
  end: number,
): Promise<void> {
  const kept = new Agent({ keepAlive: true, maxSockets: CALLERS })
  const single = new Agent()
  await inParallel(CALLERS, end - first, async (i) => {
    const index = first + i
    const random = around.random(index)
    const plan = drawPlan(String(index), random)
    const identity = plan.isAnonymous ? undefined : await house.identities.draw(random)
    const agent = random.chance(KEPT_SHARE) ? kept : single
    const attempts = ledger.open(plan)
    const startedAt = performance.now()
    const ending = await callAsPlanned(house.sidecar.url, plan, identity, agent)
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAt)
    count(tally, ending)
    const finding = judgeEnding({ plan, attempts }, identity, ending)
    if (finding?.kind === 'race') tally.races.push(finding.sentence)
    else if (finding !== undefined) tally.defects.push(finding.sentence)
    ledger.close(plan.id)
  })
  kept.destroy()
}

async function callAsPlanned(
  url: string,
  plan: Plan,
  identity: Identity | undefined,
  agent: Agent,
): Promise<Ending> {
  return call({
    url,
    method: plan.method,
    path: plan.path,
    headers: {
      'x-soak-id': plan.id,
      ...(identity === undefined ? {} : { authorization: `Bearer ${identity.token}` }),
    },
    agent,
    upload: plan.upload,
    leaves: plan.leaves,
    readPauseMs: plan.readPauseMs,
    deadlineMs: CALL_DEADLINE_MS,
  })
}

function count({ endings }: Tally, ending: Ending): void {
  const name = ending.kind === 'answered' ? String(ending.status) : ending.kind
  endings.set(name, (endings.get(name) ?? 0) + 1)
}
