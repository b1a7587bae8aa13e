/** What a check cannot do without. */
export type Need = 'kubectl' | 'helm' | 'kube-score' | 'api-server'

export interface Check {
  /** A sentence that says what holds when the check passes. */
  readonly sentence: string
  readonly needs?: readonly Need[]
  run(): Promise<void>
}

export interface Tally {
  passed: number
  failed: number
  notRun: number
}

export interface RunOptions {
  /** What is not there, with the reason. */
  readonly missing: ReadonlyMap<Need, string>
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

const CHECK_DEADLINE_MS = 120_000

/** Runs the checks one after another, a line for each. What cannot be run is named, and never counts as passed. */
export async function runChecks(checks: Iterable<Check>, options: RunOptions): Promise<void> {
  const { missing, tally, signal, print } = options
  for (const check of checks) {
    if (signal.aborted) return
    const lacking = check.needs?.find((need) => missing.has(need))
    if (lacking !== undefined) {
      tally.notRun++
      print(`  – not run: ${check.sentence} (${lacking}: ${missing.get(lacking)})`)
      continue
    }
    const startedAt = performance.now()
    try {
      await withDeadline(check.run(), signal)
      tally.passed++
      print(`  ✓ ${check.sentence} (${Math.round(performance.now() - startedAt)} ms)`)
    } catch (error) {
      tally.failed++
      print(`  ✗ ${check.sentence}`)
      print((error instanceof Error ? error.message : String(error)).replace(/^/gm, '      '))
    }
  }
}

/** Rejects at the deadline, or as soon as the run is interrupted. */
async function withDeadline(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(CHECK_DEADLINE_MS)])
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error('interrupted, or not done in time'))
    over.addEventListener('abort', fail)
    stop = () => over.removeEventListener('abort', fail)
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    stop()
  }
}
