import type { ReplayOwner } from '../../../src/step-up/replay-memory.ts'

/** A token whose signature is known to be good. */
export function genuine(digest: string): ReplayOwner {
  return { digest, isAuthentic: () => true }
}
