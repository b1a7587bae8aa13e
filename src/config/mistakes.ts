import type { Mistake } from './config-error.ts'
import type { SettingName } from './settings-schema.ts'
import { SETTINGS } from './settings-schema.ts'

/** Collects mistakes, so that all are reported together; of each variable only the first. */
export interface Mistakes {
  add(name: SettingName, reason: string): void
  addOther(mistake: Mistake): void
  /** A variable that is not set; where the settings file could not be read it may stand in there, so nothing is said. */
  addMissing(name: SettingName, reason: string): void
  /** Whether one of these variables is wrong already: a check that involves it would only add noise. */
  has(...names: readonly SettingName[]): boolean
  /** Likewise for a `<NAME>_FILE`. */
  hasOther(variable: string): boolean
  /** In the order in which they were found. */
  list(): readonly Mistake[]
}

export function createMistakes(): Mistakes {
  const mistakes = new Map<string, Mistake>()
  const addOther = (mistake: Mistake) => {
    if (!mistakes.has(mistake.variable)) mistakes.set(mistake.variable, mistake)
  }
  const add = (name: SettingName, reason: string) =>
    addOther({ variable: name, reason, example: SETTINGS[name].example })
  return {
    add,
    addOther,
    addMissing(name, reason) {
      if (!mistakes.has('--env-file')) add(name, reason)
    },
    has: (...names) => names.some((name) => mistakes.has(name)),
    hasOther: (variable) => mistakes.has(variable),
    list: () => [...mistakes.values()],
  }
}
