import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { startHouse } from '../house.ts'
import { inParallel } from '../in-parallel.ts'
import { callPlainly, describeCall } from '../plain/plain-call.ts'
import { startPlainUpstream } from '../plain/plain-upstream.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'

/** SIGTERM while 64 callers are at work: what was accepted is answered. */
export const shutdown: Scenario = {
  name: 'shutdown',
  deadlineMs: { short: 60_000, full: 240_000 },
  run,
}

const CALLERS = 64
const LONGEST_DELAY_MS = 1_500
const CALL_DEADLINE_MS = 15_000
const GRACE_MS = 25_000

interface Round {
  answered: number
  refused: number
  /** Sent on a connection that was being closed, and never read by anyone. */
  unaccepted: number
  readonly lost: string[]
  ending: string
  stoppedAfterMs: number
}

async function run(around: Surroundings): Promise<Report> {
  const rounds: Round[] = []
  for (let i = 0; i < (around.isShort ? 2 : 8); i += 1) rounds.push(await shutDownOnce(around, i))
  const lost = rounds.flatMap((round) => round.lost)
  const list = (name: 'answered' | 'refused' | 'unaccepted') =>
    rounds.map((round) => round[name]).join(', ')
  const slowest = Math.max(...rounds.map(({ stoppedAfterMs }) => stoppedAfterMs))
  return {
    figures: [
      { name: 'rounds', value: `${rounds.length}, ${CALLERS} callers each` },
      { name: 'answered', value: list('answered') },
      { name: 'not accepted: connection refused', value: list('refused') },
      { name: 'not accepted: closed unread', value: list('unaccepted') },
    ],
    verdicts: [
      judgeDefects('no accepted request is lost', lost),
      judge(
        'the exit code is 0',
        rounds.every(({ ending }) => ending === '0'),
        rounds.map(({ ending }) => ending).join(', '),
      ),
      judge(
        `it has stopped within ${GRACE_MS} ms of SIGTERM`,
        slowest < GRACE_MS,
        `slowest ${Math.round(slowest)} ms`,
      ),
    ],
  }
}

async function shutDownOnce(around: Surroundings, index: number): Promise<Round> {
  const upstream = await startPlainUpstream()
  const house = await startHouse({ upstreamUrl: upstream.url })
  const { sidecar, identities } = house
  const agent = new Agent({ keepAlive: true })
  const round: Round = {
    answered: 0,
    refused: 0,
    unaccepted: 0,
    lost: [],
    ending: '',
    stoppedAfterMs: 0,
  }
  async function callUntilRefused(caller: number): Promise<void> {
    for (let count = 0; ; count += 1) {
      const id = `${index}-${caller}-${count}`
      const random = around.random(index * 1_000_000 + caller * 10_000 + count)
      const identity = await identities.draw(random)
      const done = await callPlainly({
        id,
        url: sidecar.url,
        random,
        identity,
        agent,
        longestDelayMs: LONGEST_DELAY_MS,
        hasSlowBodies: true,
        deadlineMs: CALL_DEADLINE_MS,
      })
      if (done.isRight) round.answered += 1
      else if (done.ending.kind !== 'failed') round.lost.push(describeCall(done))
      else if (done.ending.code === 'ECONNREFUSED') {
        round.refused += 1
        return
      } else if (upstream.hasSeen(id)) round.lost.push(describeCall(done))
      else round.unaccepted += 1
    }
  }
  const calling = inParallel(CALLERS, CALLERS, callUntilRefused)
  await wait(around.random(index).whole(1_000, 2_500))
  const askedAt = performance.now()
  sidecar.terminate()
  round.ending = await sidecar.ended
  round.stoppedAfterMs = performance.now() - askedAt
  await calling
  agent.destroy()
  await house.close()
  await upstream.goDown()
  return round
}
