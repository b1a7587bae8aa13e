import type { ReplayOwner } from '../../../src/step-up/replay-memory.ts'

/** A caller whose token's signature is known to be good. */
export function genuine(name: string): ReplayOwner {
  return { name, isAuthentic: () => true }
}
