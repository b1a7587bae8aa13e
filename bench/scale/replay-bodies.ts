import type { Ground } from '../ground.ts'
import { readUsage } from '../machine/process-tree.ts'
import { startBefore, startBodies, watchRss } from './bodies-house.ts'
import type { Point, Surroundings } from './growth.ts'
import { upload } from './upload.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SIZES = [KIB, 64 * KIB, MIB, 16 * MIB, 100 * MIB]
const CALLS_AT_MOST = 100
/** Of one size, so that hundredths of a second tell something. */
const BYTES_AT_MOST = 500 * MIB
const ENV = { REPLAY_MAX_BYTES: String(128 * MIB), REPLAY_TOTAL_BYTES: String(1024 * MIB) }

/** Uploads that are denied when all of them was read, and sent again out of memory: each with a token of its own. */
export async function growReplayBodies(
  ground: Ground,
  { isQuick }: Surroundings,
): Promise<readonly Point[]> {
  const bodies = await startBodies(ground)
  const points: Point[] = []
  try {
    for (const bytes of SIZES.filter((size) => !isQuick || size <= 16 * MIB)) {
      const program = await startBefore(bodies, ground, ENV)
      try {
        const calls = Math.max(3, Math.min(CALLS_AT_MOST, Math.floor(BYTES_AT_MOST / bytes)))
        const tokens = await ground.keycloak.mint(calls)
        const before = await readUsage(program.pid)
        const peakBytes = await watchRss(program.pid, async () => {
          for (const token of tokens) await uploadOnce(program.url, token, bytes)
        })
        const after = await readUsage(program.pid)
        const cpuMicros = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / calls
        const growth = `peak ${((peakBytes - before.rssBytes) / MIB).toFixed(0)} MiB above idle`
        const share = `${((cpuMicros * MIB) / bytes / 1000).toFixed(2)} ms of CPU a MiB`
        points.push({
          dimension: 'replayed body',
          size: bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`,
          cpuMicros,
          rssBytes: peakBytes,
          remark: bytes < MIB ? growth : `${growth}; ${share}`,
        })
      } finally {
        await program.close()
      }
    }
    return points
  } finally {
    await bodies.close()
  }
}

async function uploadOnce(url: string, token: string, bytes: number): Promise<void> {
  const { answer, outcome } = await upload(`${url}/up-denied`, token, bytes)
  if (answer !== String(bytes) || outcome !== 'stepped-up') {
    throw new Error(`a body of ${bytes} bytes: the upstream says ${answer}, outcome ${outcome}`)
  }
}
