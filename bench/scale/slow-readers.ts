import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ground } from '../ground.ts'
import { readUsage } from '../machine/process-tree.ts'
import type { Program } from '../machine/program.ts'
import { startBefore, startBodies, watchRss } from './bodies-house.ts'
import type { Point, Surroundings } from './growth.ts'
import { upload } from './upload.ts'

const MIB = 2 ** 20
const WARMING_BYTES = 16 * MIB
/** As the upstream does that reads slowly. */
const PAUSE_MS = 50
const PAUSE_AFTER_BYTES = 4 * MIB

/** What a large body costs in memory where whoever reads it is slower than whoever writes it. */
export async function growSlowTransfers(
  ground: Ground,
  { isQuick }: Surroundings,
): Promise<readonly Point[]> {
  const bytes = isQuick ? 128 * MIB : 1024 * MIB
  const bodies = await startBodies(ground)
  try {
    return [
      await transfer(ground, bodies, 'download, slow caller', bytes, downloadSlowly),
      await transfer(ground, bodies, 'upload, slow upstream', bytes, uploadToSlow),
    ]
  } finally {
    await bodies.close()
  }
}

type Move = (url: string, token: string, bytes: number) => Promise<number>

async function transfer(
  ground: Ground,
  bodies: Program,
  dimension: string,
  bytes: number,
  move: Move,
): Promise<Point> {
  const program = await startBefore(bodies, ground)
  try {
    await move(program.url, ground.token, WARMING_BYTES)
    const before = await readUsage(program.pid)
    const peakBytes = await watchRss(program.pid, async () => {
      const arrived = await move(program.url, ground.token, bytes)
      if (arrived !== bytes) throw new Error(`${dimension}: ${arrived} of ${bytes} bytes arrived`)
    })
    const after = await readUsage(program.pid)
    const cpuMicros = (after.cpuSeconds - before.cpuSeconds) * 1e6
    const growth = (peakBytes - before.rssBytes) / MIB
    return {
      dimension,
      size: `${bytes / MIB} MiB`,
      cpuMicros,
      rssBytes: peakBytes,
      remark: `grew by ${growth.toFixed(0)} MiB; ${((cpuMicros * MIB) / bytes / 1000).toFixed(2)} ms of CPU a MiB`,
    }
  } finally {
    await program.close()
  }
}

async function downloadSlowly(url: string, token: string, bytes: number): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const sent = get(`${url}/down?bytes=${bytes}`, { agent: false, headers })
  const [answer] = await once(sent, 'response')
  let arrived = 0
  let sincePause = 0
  for await (const chunk of answer) {
    arrived += chunk.length
    sincePause += chunk.length
    if (sincePause < PAUSE_AFTER_BYTES) continue
    sincePause = 0
    await wait(PAUSE_MS)
  }
  return arrived
}

async function uploadToSlow(url: string, token: string, bytes: number): Promise<number> {
  const { answer } = await upload(`${url}/up-slowly`, token, bytes)
  return Number(answer)
}
