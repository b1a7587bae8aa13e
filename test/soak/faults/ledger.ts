import type { Hash } from 'node:crypto'
import type { Plan } from './plan.ts'

/** What the upstream has seen of the requests under way, by their ids. */
export interface Ledger {
  open(plan: Plan): Attempt[]
  find(id: string): Entry | undefined
  close(id: string): void
  /** Times that the upstream has closed a connection without a word: each may cost one later request. */
  silentCloses: number
}

export interface Entry {
  readonly plan: Plan
  readonly attempts: Attempt[]
}

/** One arrival of a request. */
export interface Attempt {
  /** The session of its bearer. */
  readonly marker: string | undefined
  readonly isDenied: boolean
  bytes: number
  readonly hash: Hash
  /** Of the whole body, once its end was read. */
  sha256: string | undefined
}

export function createLedger(): Ledger {
  const entries = new Map<string, Entry>()
  return {
    open(plan) {
      const attempts: Attempt[] = []
      entries.set(plan.id, { plan, attempts })
      return attempts
    },
    find: (id) => entries.get(id),
    close: (id) => void entries.delete(id),
    silentCloses: 0,
  }
}
