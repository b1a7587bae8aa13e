/** A part of the memory for replay bodies, held by one request. */
export interface ReplayLease {
  /** Asks for one more chunk. `false`: a bound is reached; nothing was added. */
  take(chunkBytes: number): boolean
  /** Gives everything back; the lease may not be used again. */
  release(): void
}

export interface ReplayMemory {
  /** `owner` is the digest of the subject token: one token gets at most a quarter of the whole. */
  lease(owner: string): ReplayLease
  readonly bytesInUse: number
}

// A chunk costs some 200 bytes in objects, whatever is in it: a body of one-byte chunks must reach the bound early.
const MIN_CHUNK_COST_BYTES = 256

/** Bounds in bytes: per request, and for the process. */
export function createReplayMemory(options: {
  readonly maxBytes: number
  readonly totalBytes: number
}): ReplayMemory {
  const maxBytesPerOwner = Math.floor(options.totalBytes / 4)
  const bytesByOwner = new Map<string, number>()
  let bytesInUse = 0

  function lease(owner: string): ReplayLease {
    let bytes = 0
    let chunks = 0
    let held = 0
    return {
      take(chunkBytes) {
        const cost = Math.max(bytes + chunkBytes, (chunks + 1) * MIN_CHUNK_COST_BYTES)
        const more = cost - held
        const owned = (bytesByOwner.get(owner) ?? 0) + more
        if (cost > options.maxBytes || owned > maxBytesPerOwner) return false
        if (bytesInUse + more > options.totalBytes) return false
        bytes += chunkBytes
        chunks += 1
        held = cost
        bytesInUse += more
        bytesByOwner.set(owner, owned)
        return true
      },
      release() {
        if (held === 0) return
        const owned = (bytesByOwner.get(owner) ?? 0) - held
        if (owned > 0) bytesByOwner.set(owner, owned)
        else bytesByOwner.delete(owner)
        bytesInUse -= held
        held = 0
      },
    }
  }

  return {
    lease,
    get bytesInUse() {
      return bytesInUse
    },
  }
}
