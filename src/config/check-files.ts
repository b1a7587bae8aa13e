import { describeUnreadable } from './describe-unreadable.ts'
import { MAX_SETTINGS_BYTES } from './file-bounds.ts'
import type { Mistakes } from './mistakes.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import type { SettingValues } from './settings-schema.ts'

export interface CheckFilesOptions {
  readonly values: SettingValues
  readonly readFile: ReadFile
  readonly mistakes: Mistakes
}

/** Reads the policy files that settings name; what they say is judged where it is parsed. */
export function checkFiles({ values, readFile, mistakes }: CheckFilesOptions): void {
  for (const name of ['POLICY_FILE', 'LLAMA_STACK_CONFIG'] as const) {
    const path = values[name]
    const file = path === undefined ? undefined : readText(readFile, path, MAX_SETTINGS_BYTES)
    if (file?.kind === 'unreadable') {
      mistakes.add(name, `names a file that ${describeUnreadable(file)}`)
    }
  }
}
