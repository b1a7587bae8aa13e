import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Outcome, Target } from './target.ts'
import { answers } from './targets/answers.ts'
import { bodies } from './targets/bodies.ts'
import { canonicalPaths } from './targets/canonical-paths.ts'
import { challenges } from './targets/challenges.ts'
import { hints } from './targets/hints.ts'
import { issuedTokens } from './targets/issued-tokens.ts'
import { llamaStackConfigs } from './targets/llama-stack-configs.ts'
import { policies } from './targets/policies.ts'
import { policyFiles } from './targets/policy-files.ts'
import { replayBodies } from './targets/replay-bodies.ts'
import { requests } from './targets/requests.ts'
import { settings } from './targets/settings.ts'

const TARGETS: readonly Target[] = [
  challenges,
  hints,
  canonicalPaths,
  policies,
  policyFiles,
  llamaStackConfigs,
  settings,
  issuedTokens,
  replayBodies,
  bodies,
  requests,
  answers,
]

const DEFAULT_SECONDS = 50
const MAX_SEED = 2 ** 31

/** `--seconds N` for all targets together, `--seed N`, and any number of target names: none means all. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' } },
    allowPositionals: true,
  })
  const seed = values.seed === undefined ? randomInt(MAX_SEED) : Number(values.seed)
  const seconds = values.seconds === undefined ? DEFAULT_SECONDS : Number(values.seconds)
  const unknown = positionals.filter((name) => !TARGETS.some((target) => target.name === name))
  if (!Number.isSafeInteger(seed) || !(seconds > 0) || unknown.length > 0) {
    console.error(
      `usage: [--seconds N] [--seed N] [${TARGETS.map(({ name }) => name).join('] [')}]`,
    )
    process.exit(64)
  }
  const chosen = TARGETS.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )
  const weights = chosen.reduce((sum, { weight }) => sum + weight, 0)
  let failed = 0
  for (const target of chosen) {
    const timeMs = (seconds * 1000 * target.weight) / weights
    const { executions, failure } = await runGuarded(target, { seed, timeMs })
    if (failure !== undefined) failed += 1
    const verdict = failure === undefined ? '✓' : '✗'
    console.log(`${verdict} ${target.name}: ${executions} executions, seed ${seed}`)
    if (failure !== undefined) console.log(failure)
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** What nobody has caught is a finding of the target under way: the process of a user would have ended. */
async function runGuarded(
  target: Target,
  budget: { readonly seed: number; readonly timeMs: number },
): Promise<Outcome> {
  const uncaught: string[] = []
  const note = (error: unknown) => {
    uncaught.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  try {
    const outcome = await target.run(budget)
    if (uncaught.length === 0) return outcome
    return { ...outcome, failure: [`uncaught: ${uncaught[0]}`, outcome.failure].join('\n') }
  } finally {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  }
}

await main()
