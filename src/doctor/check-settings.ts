import type { Mistake } from '../config/config-error.ts'
import type { ExaminedConfig } from '../config/load-config.ts'
import { finding } from './finding.ts'
import type { AddFinding } from './report.ts'

/** Every mistake, and what is allowed but worth a look. `settingCount`: how many are set. */
export function checkSettings(
  { config, mistakes, hints }: ExaminedConfig,
  settingCount: number,
  add: AddFinding,
): void {
  for (const mistake of mistakes) add(finding('setting-invalid', factsOf(mistake)))
  if (mistakes.length === 0) add(finding('settings-valid', { count: String(settingCount) }))
  for (const hint of hints) add(finding('setting-misspelled', { hint }))
  for (const warning of config.warnings) {
    if (!hints.includes(warning)) add(finding('setting-doubtful', { warning }))
  }
}

/** Why a probe that needs these settings cannot be made; `undefined`: it can. A name ending in `_` stands for all that begin so. */
export function findObstacle(
  mistakes: readonly Mistake[],
  needed: readonly string[],
): string | undefined {
  const wrong = mistakes.find(({ variable }) =>
    needed.some((name) => variable === name || (name.endsWith('_') && variable.startsWith(name))),
  )
  return wrong && `${wrong.variable} is wrong or missing`
}

function factsOf({ variable, reason, example }: Mistake) {
  const advice =
    example === undefined ? `${variable} as --help describes it` : `${variable}=${example}`
  return { variable, reason, example: advice }
}
