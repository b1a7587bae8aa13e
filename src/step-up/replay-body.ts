import type { ReplayLease } from './replay-memory.ts'

/**
 * A request body that can be sent twice: what the first attempt reads is recorded, and the replay goes through
 * the record and then on with the rest as it arrives. The two never read at once.
 */
export interface ReplayBody {
  first(): AsyncIterable<Buffer>
  /** Stops the first attempt, if it still reads. Call it only while `isReplayable`, and once. */
  replay(): AsyncIterable<Buffer>
  /** Whether `replay()` would send every byte from the first on. */
  readonly isReplayable: boolean
  /** Takes nothing more from the caller until `resume()` or `replay()`: a denial is held, and the record should not grow. */
  pause(): void
  resume(): void
  /** Drops what has been read: the attempt under way goes on, no other one is possible. */
  stopRecording(): void
  /** Gives all memory back; an attempt that still reads is stopped. */
  close(): void
}

const FREED = Buffer.alloc(0)

export function createReplayBody(options: {
  readonly source: AsyncIterable<Buffer>
  readonly lease: ReplayLease
}): ReplayBody {
  const { lease } = options
  const source = options.source[Symbol.asyncIterator]()
  /** All chunks from the first on while recording; else those before `cursor` are freed. */
  let chunks: Buffer[] = []
  let cursor = 0
  let isRecording = true
  let hasEnded = false
  let attempt = 0
  let pull: Promise<void> | undefined
  let gate: Gate | undefined

  async function takeNext(): Promise<void> {
    const { done, value } = await source.next()
    if (done === true) {
      hasEnded = true
      return
    }
    if (isRecording && !lease.take(value.length)) stopRecording()
    chunks.push(value)
  }

  // One read at a time: a chunk that arrives after its attempt was stopped belongs to the replay. A read that failed
  // stays: an iterator that has thrown says that it has ended, and a replay would take a broken body for a whole one.
  function pullOnce(): Promise<void> {
    pull ??= takeNext().then(() => {
      pull = undefined
    })
    return pull
  }

  function readChunk(): Buffer | undefined {
    const chunk = chunks[cursor]
    if (chunk === undefined) return undefined
    if (!isRecording) chunks[cursor] = FREED
    cursor += 1
    if (!isRecording && cursor === chunks.length) emptyQueue([])
    return chunk
  }

  function emptyQueue(rest: Buffer[]): void {
    chunks = rest
    cursor = 0
    lease.release()
  }

  function stopRecording(): void {
    if (!isRecording) return
    isRecording = false
    emptyQueue(chunks.slice(cursor))
  }

  function resume(): void {
    gate?.open()
    gate = undefined
  }

  async function* read(mine: number): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      if (mine !== attempt) throw new AttemptStoppedError()
      const chunk = gate === undefined ? readChunk() : undefined
      if (chunk !== undefined) yield chunk
      else if (gate !== undefined) await gate.opened
      else if (hasEnded) return
      else await pullOnce()
    }
  }

  return {
    first: () => read(attempt),
    replay() {
      attempt += 1
      isRecording = false
      cursor = 0
      resume()
      return read(attempt)
    },
    get isReplayable() {
      return isRecording
    },
    pause() {
      gate ??= createGate()
    },
    resume,
    stopRecording,
    close() {
      attempt += 1
      isRecording = false
      resume()
      emptyQueue([])
    },
  }
}

/** Ends the reading of an attempt that is over or that the replay has replaced; the transport has given up on it already. */
class AttemptStoppedError extends Error {
  override name = 'AttemptStoppedError'
}

interface Gate {
  readonly opened: Promise<void>
  open(): void
}

function createGate(): Gate {
  let resolveOpened = (): void => {}
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve
  })
  return { opened, open: () => resolveOpened() }
}
