import type { Bench, Check, Group } from './check.ts'

export interface LineResult {
  readonly id: string
  readonly topic: string
  readonly rule: string
  /** `untestable`: not one of its checks could run on this bench. */
  readonly status: 'passed' | 'failed' | 'untestable'
  readonly passed: number
  readonly failed: number
  readonly untestable: number
  readonly failures: readonly Failure[]
  readonly durationMs: number
}

export interface Failure {
  readonly check: string
  readonly seen: string
}

export interface GroupResult {
  readonly title: string
  readonly lines: readonly LineResult[]
}

const CHECK_DEADLINE_MS = 20_000
const CLOSE_DEADLINE_MS = 3_000

/** Runs everything in order, one check after another, and hands over each line as soon as it is known. */
export async function runGroups(
  groups: readonly Group[],
  bench: Bench,
  onLine: (group: Group, line: LineResult) => void,
): Promise<readonly GroupResult[]> {
  const results: GroupResult[] = []
  for (const group of groups) {
    const lines: LineResult[] = []
    for (const { id, topic, rule, checks } of group.lines) {
      const result = { id, topic, rule, ...(await runChecks(checks, bench)) }
      lines.push(result)
      onLine(group, result)
    }
    results.push({ title: group.title, lines })
  }
  return results
}

async function runChecks(checks: readonly Check[], bench: Bench) {
  const startedAtMs = performance.now()
  const failures: Failure[] = []
  let passed = 0
  let untestable = 0
  for (const check of checks) {
    const ending = await runCheck(check, bench)
    if (ending === 'passed') passed += 1
    else if (ending === 'untestable') untestable += 1
    else failures.push({ check: check.name, seen: ending.seen })
  }
  const failed = failures.length
  const status = failed > 0 ? 'failed' : passed > 0 ? 'passed' : 'untestable'
  const durationMs = Math.round(performance.now() - startedAtMs)
  return { status, passed, failed, untestable, failures, durationMs } as const
}

async function runCheck(
  check: Check,
  bench: Bench,
): Promise<'passed' | 'untestable' | { readonly seen: string }> {
  const closers: (() => unknown)[] = []
  const run = check.prepare(bench, { teardown: (close) => void closers.push(close) })
  if (run === undefined) return 'untestable'
  try {
    await withDeadline(run(), CHECK_DEADLINE_MS)
    return 'passed'
  } catch (error) {
    return { seen: mask(error instanceof Error ? error.message : String(error)) }
  } finally {
    for (const close of closers.reverse()) await closeOne(close)
  }
}

/** What does not close in time is left: the process ends by itself when all is done. */
async function closeOne(close: () => unknown): Promise<void> {
  try {
    await withDeadline(Promise.resolve(close()), CLOSE_DEADLINE_MS)
  } catch {
    // The check has had its say; a teardown that fails says nothing about the rule.
  }
}

async function withDeadline(work: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${deadlineMs} ms`)), deadlineMs)
  })
  try {
    await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}

/** One line, and no token: reports are passed around. */
function mask(text: string): string {
  return text.replaceAll(/eyJ[\w.~+/-]*/g, '[token]').replaceAll(/\s*\n\s*/g, ' | ')
}
