import type { Setting } from '../config/setting.ts'
import { SETTING_GROUPS, showChoices, showDefault } from '../config/setting.ts'
import { isSecretSetting, listSettings } from '../config/settings-schema.ts'

export const SHORT_USAGE = `Usage: scopelift [--env-file FILE]         serve
       scopelift health [--env-file FILE]  ask the running process for its health: exit code 0 or 1
       scopelift --help
       scopelift --version
`

/** The text of `--help`, made from the table of settings. */
export function createUsage(): string {
  const groups = SETTING_GROUPS.map((group) => {
    const rows = listSettings().filter(([, setting]) => setting.group === group)
    return [`${group}:`, ...rows.map(([name, setting]) => showSetting(name, setting)), ''].join(
      '\n',
    )
  })
  return [
    SHORT_USAGE,
    'A sidecar that turns a scope denial into a granted request.',
    '',
    'Settings are environment variables, or lines of a .env file (the environment wins).',
    'An empty one is unset; lists are separated by spaces.',
    '',
    ...groups,
    'Exit codes: 0 success, 1 failure, 64 usage, 78 configuration.',
    '',
  ].join('\n')
}

function showSetting(name: string, setting: Setting): string {
  const shown = showDefault(setting)
  const example = isSecretSetting(name) ? '' : `example: ${setting.example}`
  const facts = shown.startsWith('required')
    ? [shown, example]
    : [shown ? `default: ${shown}` : example]
  const choices = showChoices(setting)
  const meaning = `${setting.meaning}${choices && `: ${choices}`}`.replaceAll('`', '')
  return `  ${name} (${facts.filter(Boolean).join('; ')})\n      ${meaning}`
}
