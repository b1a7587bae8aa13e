// Prints the README's table of settings; with --check FILE exits 1 if FILE has another one, with --write FILE puts it there.
import { readFileSync, writeFileSync } from 'node:fs'
import { argv, exit, stderr, stdout } from 'node:process'
import type { Setting } from '../src/config/setting.ts'
import { SETTING_GROUPS, showChoices, showDefault } from '../src/config/setting.ts'
import { isSecretSetting, listSettings } from '../src/config/settings-schema.ts'

const BLOCK = /<!-- settings -->[\s\S]*?<!-- \/settings -->/

const [mode, path] = argv.slice(2)
const table = createTable()

if (mode === undefined) stdout.write(`${table}\n`)
else if (path === undefined || (mode !== '--check' && mode !== '--write')) {
  fail('usage: settings-table.ts [--check FILE | --write FILE]', 64)
} else update(path, mode)

function update(file: string, how: '--check' | '--write'): void {
  const text = readFileSync(file, 'utf8')
  if (!BLOCK.test(text)) fail(`${file} has no <!-- settings --> … <!-- /settings --> block`, 1)
  const block = `<!-- settings -->\n${table}\n<!-- /settings -->`
  const wanted = text.replace(BLOCK, () => block)
  if (how === '--write') writeFileSync(file, wanted)
  else if (wanted !== text) {
    fail(`${file}: the settings have changed; run: npm run settings -- --write ${file}`, 1)
  }
}

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

function fail(line: string, exitCode: number): never {
  stderr.write(`${line}\n`)
  exit(exitCode)
}
