import { once } from 'node:events'
import { WebSocket } from 'ws'

const DEADLINE_MS = 30_000

/** Has a process collect all its garbage, by Node's inspector: only then do two heap sizes compare. */
export async function collectGarbage(inspectorUrl: string): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const socket = new WebSocket(inspectorUrl)
  try {
    await once(socket, 'open', { signal })
    // Twice: what a finalizer of the first run lets go is collected by the second.
    for (const id of [1, 2]) {
      const answered = once(socket, 'message', { signal })
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }))
      await answered
    }
  } finally {
    socket.terminate()
  }
}
