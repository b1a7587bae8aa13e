import fc from 'fast-check'

/** How long a target may run, and where its random numbers begin. */
export interface Budget {
  readonly seed: number
  readonly timeMs: number
}

export interface Outcome {
  readonly executions: number
  /** What was found, with the seed and path that lead there again; `undefined`: nothing. */
  readonly failure: string | undefined
}

export interface Target {
  readonly name: string
  /** Its share of the time, relative to the others. */
  readonly weight: number
  run(budget: Budget): Promise<Outcome>
}

const UNLIMITED = 1_000_000_000

type Checked = fc.IRawProperty<unknown, boolean>

/** Runs a property until the time is up or it fails; a failure is made small within the same time. */
export async function fuzz(property: Checked, { seed, timeMs }: Budget): Promise<Outcome> {
  const details = await fc.check(property, {
    seed,
    numRuns: UNLIMITED,
    maxSkipsPerRun: 1000,
    interruptAfterTimeLimit: timeMs,
    includeErrorInReport: true,
    markInterruptAsFailure: false,
  })
  const failure = details.failed ? await fc.asyncDefaultReportMessage(details) : undefined
  return { executions: details.numRuns, failure }
}

/** A target of one property, or of one that is made anew with what it needs for a run. */
export function createTarget(name: string, weight: number, property: () => Checked): Target {
  return { name, weight, run: (budget) => fuzz(property(), budget) }
}

/** Closes what a target has opened, last things first. */
export function createTeardown() {
  const closers: (() => unknown)[] = []
  return {
    teardown(close: () => unknown) {
      closers.unshift(close)
    },
    async close() {
      for (const close of closers.splice(0)) await close()
    },
  }
}
