import { LRUCache } from 'lru-cache'
import type { Problems } from '../observability/problems.ts'
import type { ExchangeLog } from './exchange-log.ts'

export interface FaultReporter {
  /** Logs the fault once, and shows it as a problem until `clear`. */
  raise(id: string, fault: string, sentence: string): void
  clear(id: string): void
  /** Takes it back without a word: nothing is known to work again, only what was wrong is gone. */
  forget(id: string): void
}

/** Scopes and audiences come from outside too: only so many problems of that kind stand at once. */
const MAX_FAULTS = 32

/** Says what is wrong at our client once per change, not once per request. */
export function createFaultReporter(log: ExchangeLog, problems: Problems): FaultReporter {
  const standing = new LRUCache<string, string>({
    max: MAX_FAULTS,
    dispose: (_sentence, id, reason) => {
      if (reason !== 'set') problems.resolve(id)
    },
  })
  return {
    raise(id, fault, sentence) {
      if (standing.get(id) === sentence) return
      standing.set(id, sentence)
      problems.report(id, sentence)
      log.error({ fault }, sentence)
    },
    clear(id) {
      if (standing.delete(id)) log.info({ problem: id }, 'An exchange works again')
    },
    forget: (id) => void standing.delete(id),
  }
}
