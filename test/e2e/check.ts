export interface Check {
  /** A sentence that says what holds when the check passes. */
  readonly sentence: string
  run(): Promise<void>
}

export interface Tally {
  passed: number
  failed: number
}

const CHECK_DEADLINE_MS = 300_000

/** Runs the checks one after another and prints each as a sentence; a failed one does not end the run. */
export async function runChecks(
  checks: Iterable<Check>,
  tally: Tally,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const check of checks) {
    if (signal.aborted) return
    const startedAt = performance.now()
    try {
      await withDeadline(check.run(), signal)
      tally.passed++
      print(`  ✓ ${check.sentence} (${Math.round(performance.now() - startedAt)} ms)`)
    } catch (error) {
      tally.failed++
      print(`  ✗ ${check.sentence}`)
      print(indent(describe(error)))
    }
  }
}

async function withDeadline(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: over, cancel } = untilOver(signal)
  try {
    await Promise.race([work, over])
  } finally {
    cancel()
  }
}

/** Rejects at the deadline, or as soon as the run is interrupted. */
function untilOver(signal: AbortSignal): { promise: Promise<never>; cancel: () => void } {
  let cancel = () => {}
  const promise = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not done after ${CHECK_DEADLINE_MS} ms`)),
      CHECK_DEADLINE_MS,
    )
    const interrupt = () => reject(new Error('interrupted'))
    signal.addEventListener('abort', interrupt)
    cancel = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', interrupt)
    }
  })
  return { promise, cancel }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack?.split('\n').find((line) => line.includes('/e2e/checks/'))
  return place === undefined ? error.message : `${error.message}\n${place.trim()}`
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ')
}
