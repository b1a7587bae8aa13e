import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { FaultsHouse } from './faults-house.ts'

const CALLERS = 8
const CALLS_BETWEEN = 24

/** Waits that a loaded machine does not end. */
export const PATIENT = { EXCHANGE_TIMEOUT_MS: '10000', UPSTREAM_HEADERS_TIMEOUT_MS: '20000' }

/** Callers whose every call needs an exchange of its own, while the steps are done one after another. */
export async function underLoad(
  house: FaultsHouse,
  steps: readonly (() => void | Promise<void>)[],
) {
  const outcomes: string[] = []
  let isOver = false
  async function call(): Promise<void> {
    while (!isOver) {
      const { status, outcome, reason } = await house.call()
      outcomes.push([status, outcome, reason].filter((word) => word !== undefined).join(' '))
    }
  }
  const callers = Array.from({ length: CALLERS }, call)
  for (const step of [...steps, () => {}]) {
    const enough = outcomes.length + CALLS_BETWEEN
    while (outcomes.length < enough) await sleep(2)
    await step()
  }
  isOver = true
  await Promise.all(callers)
  return outcomes
}

export function allSteppedUp(t: Test, outcomes: readonly string[]): void {
  t.same([...new Set(outcomes)], ['200 stepped-up'])
}
