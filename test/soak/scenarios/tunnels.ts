import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import { inParallel } from '../in-parallel.ts'
import { readFigures } from '../process-figures.ts'
import type { Random } from '../random.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, settle } from '../settle.ts'
import type { EchoUpstream } from '../tunnels/echo-upstream.ts'
import { startEchoUpstream } from '../tunnels/echo-upstream.ts'

/** WebSocket tunnels that are opened, used and cut at random, by either end, in order or not. */
export const tunnels: Scenario = {
  name: 'tunnels',
  deadlineMs: { short: 60_000, full: 240_000 },
  run,
}

const CALLERS = 64
const LARGEST_MESSAGE_BYTES = 100_000
const DEADLINE_MS = 15_000
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: 3 * 1024 * 1024 }

type Cut =
  | 'caller-closes'
  | 'caller-cuts'
  | 'upstream-closes'
  | 'upstream-cuts'
  | 'during-handshake'

async function run(around: Surroundings): Promise<Report> {
  const upstream = await startEchoUpstream()
  const house = await startHouse({ upstreamUrl: upstream.url, env: { CACHE_MAX_ENTRIES: '100' } })
  try {
    return await open(around, house, upstream)
  } finally {
    await house.close()
    await upstream.close()
  }
}

async function open(around: Surroundings, house: House, upstream: EchoUpstream): Promise<Report> {
  const { sidecar } = house
  const total = around.isShort ? 600 : 6_000
  const defects: string[] = []
  let messages = 0
  const openSome = (first: number, end: number) =>
    inParallel(CALLERS, end - first, async (i) => {
      const random = around.random(first + i)
      try {
        const echoed = await useTunnel(house, random)
        messages += echoed
      } catch (error) {
        defects.push(`${first + i}: ${error instanceof Error ? error.message : String(error)}`)
      }
    })
  const first = await readFigures(sidecar, { isHeapExact: true })
  await openSome(0, total / 2)
  const before = await settle(sidecar, first)
  await openSome(total / 2, total)
  const after = await settle(sidecar, first)
  return {
    figures: [
      { name: 'tunnels', value: `${total}, ${CALLERS} at a time, ${messages} messages echoed` },
      {
        name: 'descriptors start, half, end',
        value: [first.fds, before.fds, after.fds].join(', '),
      },
    ],
    verdicts: [
      judgeDefects('every message comes back as it was, and every end arrives', defects),
      judge('no tunnel is left at the upstream', upstream.openTunnels === 0, upstream.openTunnels),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
}

/** How many messages came back. Rejects where one did not, or an end was not seen in time. */
async function useTunnel({ sidecar, identities }: House, random: Random): Promise<number> {
  const { token } = await identities.draw(random)
  const cut = random.pick<Cut>([
    'caller-closes',
    'caller-cuts',
    'upstream-closes',
    'upstream-cuts',
    'during-handshake',
  ])
  const url = `${sidecar.url.replace('http', 'ws')}/v1/responses/${random.whole(1, 4)}`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  if (cut === 'during-handshake') {
    await wait(random.whole(0, 8))
    socket.terminate()
    await closed
    return 0
  }
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await once(socket, 'open', { signal })
  const count = random.whole(0, 4)
  for (let i = 0; i < count; i += 1) await echo(socket, random, signal)
  end(socket, cut)
  const late = wait(DEADLINE_MS, true, { ref: false })
  if (await Promise.race([closed, late])) throw new Error(`${cut}: the end was not seen`)
  return count
}

async function echo(socket: WebSocket, random: Random, signal: AbortSignal): Promise<void> {
  const sent = randomBytes(random.whole(1, LARGEST_MESSAGE_BYTES))
  const heard = once(socket, 'message', { signal })
  socket.send(sent)
  const [back] = await heard
  if (!Buffer.isBuffer(back) || !sent.equals(back)) throw new Error('a message came back changed')
}

function end(socket: WebSocket, cut: Exclude<Cut, 'during-handshake'>): void {
  if (cut === 'caller-closes') socket.close()
  else if (cut === 'caller-cuts') socket.terminate()
  else socket.send(cut === 'upstream-closes' ? 'close' : 'cut')
}
