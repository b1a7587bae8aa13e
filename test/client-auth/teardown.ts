import type { Teardown } from '../support/demo-servers.ts'

export interface Scope extends Teardown {
  /** Closes what was opened, the last first. */
  close(): Promise<void>
}

/** What tap's tests have, for a suite that runs without tap. */
export function createScope(): Scope {
  const closers: (() => unknown)[] = []
  return {
    teardown: (close) => void closers.push(close),
    async close() {
      for (const close of closers.splice(0).reverse()) await close()
    },
  }
}

/** Runs the work, and closes whatever it has opened. */
export async function within<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = createScope()
  try {
    return await work(scope)
  } finally {
    await scope.close()
  }
}
