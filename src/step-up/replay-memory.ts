/** A part of the memory for replay bodies, held by one request. */
export interface ReplayLease {
  /** Asks for `bytes` more. `false`: a bound is reached; nothing was added. */
  take(bytes: number): boolean
  /** Gives everything back; the lease may not be used again. */
  release(): void
}

export interface ReplayMemory {
  /** `owner` is the digest of the subject token: one token gets at most a quarter of the whole. */
  lease(owner: string): ReplayLease
  readonly bytesInUse: number
}

/** Bounds in bytes: per request, and for the process. */
export function createReplayMemory(options: {
  readonly maxBytes: number
  readonly totalBytes: number
}): ReplayMemory {
  const maxBytesPerOwner = Math.floor(options.totalBytes / 4)
  const bytesByOwner = new Map<string, number>()
  let bytesInUse = 0

  function lease(owner: string): ReplayLease {
    let held = 0
    return {
      take(bytes) {
        const owned = (bytesByOwner.get(owner) ?? 0) + bytes
        if (held + bytes > options.maxBytes) return false
        if (owned > maxBytesPerOwner || bytesInUse + bytes > options.totalBytes) return false
        held += bytes
        bytesInUse += bytes
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
