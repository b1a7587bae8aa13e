// Prints the README's table of settings; with --check FILE exits 1 if FILE has another one, with --write FILE puts it there.
import type { Setting } from '../src/config/setting.ts'
import { SETTING_GROUPS, showChoices, showDefault } from '../src/config/setting.ts'
import { isSecretSetting, listSettings } from '../src/config/settings-schema.ts'
import { runGenerator } from './generated-block.ts'

runGenerator({
  script: 'settings-table.ts',
  name: 'settings',
  noun: 'settings',
  text: createTable(),
})

function createTable(): string {
  const rows = SETTING_GROUPS.flatMap((group) =>
    listSettings()
      .filter(([, setting]) => setting.group === group)
      .map(([name, setting], index) => toRow(index === 0 ? group : '', name, setting)),
  )
  return ['| | variable | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function toRow(group: string, name: string, setting: Setting): string {
  const shown = showDefault(setting)
  const title = group === '' ? '' : `**${group}**`
  const isPlain = shown === '' || shown.startsWith('required')
  const hasExample = isPlain && !isSecretSetting(name)
  const example = hasExample ? `, e.g. \`${setting.example}\`` : ''
  const choices = showChoices(setting)
  const oneOf = choices === '' ? '' : `: ${choices}`
  return `| ${title} | \`${name}\` | ${isPlain ? shown : `\`${shown}\``} | ${setting.meaning}${oneOf}${example} |`
}
