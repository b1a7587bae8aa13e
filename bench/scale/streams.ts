import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { Agent, get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ground } from '../ground.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { readUsage } from '../machine/process-tree.ts'
import { startScopelift } from '../peers/scopelift.ts'
import type { Point } from './growth.ts'

const SIZES = [1, 10, 100, 1_000]
const HOLD_MS = 5_000
const AGENT = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

/** Open event streams with an event a second each; the CPU time of a few is less than the clock can tell. */
export async function growStreams(ground: Ground): Promise<readonly Point[]> {
  const program = await startScopelift(ground, PRODUCT)
  const open: ClientRequest[] = []
  const points: Point[] = []
  const idle = await readUsage(program.pid)
  try {
    for (const size of SIZES) {
      while (open.length < size) open.push(await openStream(program.url, ground.token))
      const before = await readUsage(program.pid)
      await wait(HOLD_MS)
      const { cpuSeconds, rssBytes } = await readUsage(program.pid)
      const events = (size * HOLD_MS) / 1000
      const share = (rssBytes - idle.rssBytes) / size / 1024
      points.push({
        dimension: 'open event streams',
        size: String(size),
        cpuMicros: size < 100 ? Number.NaN : ((cpuSeconds - before.cpuSeconds) * 1e6) / events,
        rssBytes,
        remark:
          size < 100
            ? ''
            : `CPU an event${size < 1_000 ? '' : `; ${share.toFixed(0)} KiB a stream`}`,
      })
    }
    return points
  } finally {
    for (const stream of open) stream.destroy()
    await program.close()
  }
}

async function openStream(url: string, token: string): Promise<ClientRequest> {
  const headers = { authorization: `Bearer ${token}` }
  const sent = get(`${url}/hold`, { agent: AGENT, headers })
  const [answer] = await once(sent, 'response')
  // Both end with an error when we leave.
  sent.on('error', () => undefined)
  answer.on('error', () => undefined).resume()
  if (answer.statusCode !== 200) throw new Error(`a stream answers ${answer.statusCode}`)
  return sent
}
