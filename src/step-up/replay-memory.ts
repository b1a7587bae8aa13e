/** A part of the memory for replay bodies, held by one request. */
export interface ReplayLease {
  /** Asks for one more chunk. `false`: a bound is reached; nothing was added. */
  take(chunkBytes: number): boolean
  /** Gives everything back; the lease may not be used again. */
  release(): void
}

export interface ReplayOwner {
  /** The user, not the token: one login gives any number of tokens, and one token may have more than one good signature. */
  readonly name: string
  /** Whether the token is genuine. Asked for every chunk: anybody can make up tokens, in anybody's name, and they own nothing. */
  isAuthentic(): boolean
}

export interface ReplayMemory {
  /** One caller gets at most a quarter of the whole, and so do all together whose tokens are not known to be genuine. */
  lease(owner: ReplayOwner): ReplayLease
  readonly bytesInUse: number
}

// A chunk costs some 200 bytes in objects, whatever is in it: a body of one-byte chunks must reach the bound early.
const MIN_CHUNK_COST_BYTES = 256

// No name is empty.
const NOBODY = ''

/** Bounds in bytes: per request, and for the process. */
export function createReplayMemory(options: {
  readonly maxBytes: number
  readonly totalBytes: number
}): ReplayMemory {
  const maxBytesPerOwner = Math.floor(options.totalBytes / 4)
  const bytesByOwner = new Map<string, number>()
  let bytesInUse = 0

  function lease(owner: ReplayOwner): ReplayLease {
    const shares = new Map<string, number>()
    let bytes = 0
    let chunks = 0
    let held = 0

    /** What was nobody's becomes its own, or a caller would have two quarters. */
    function claim(name: string): void {
      const share = shares.get(NOBODY)
      if (share === undefined) return
      shares.delete(NOBODY)
      giveBack(NOBODY, share)
      bytesByOwner.set(name, (bytesByOwner.get(name) ?? 0) + share)
      shares.set(name, (shares.get(name) ?? 0) + share)
    }

    return {
      take(chunkBytes) {
        const cost = Math.max(bytes + chunkBytes, (chunks + 1) * MIN_CHUNK_COST_BYTES)
        const more = cost - held
        const name = owner.isAuthentic() ? owner.name : NOBODY
        if (name !== NOBODY) claim(name)
        const owned = (bytesByOwner.get(name) ?? 0) + more
        if (cost > options.maxBytes || owned > maxBytesPerOwner) return false
        if (bytesInUse + more > options.totalBytes) return false
        bytes += chunkBytes
        chunks += 1
        held = cost
        bytesInUse += more
        bytesByOwner.set(name, owned)
        shares.set(name, (shares.get(name) ?? 0) + more)
        return true
      },
      release() {
        for (const [name, share] of shares) giveBack(name, share)
        shares.clear()
        bytesInUse -= held
        held = 0
      },
    }
  }

  function giveBack(name: string, share: number): void {
    const owned = (bytesByOwner.get(name) ?? 0) - share
    if (owned > 0) bytesByOwner.set(name, owned)
    else bytesByOwner.delete(name)
  }

  return {
    lease,
    get bytesInUse() {
      return bytesInUse
    },
  }
}
