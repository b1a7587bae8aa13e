/** One row of the settings table: env-schema's JSON schema, `--help` and the README are made from it. */
export type Setting = TextSetting | NumberSetting | BooleanSetting | ChoiceSetting | ListSetting

interface SettingBase {
  readonly group: SettingGroup
  /** One sentence without its full stop; it stands in `--help` and in the README. */
  readonly meaning: string
  /** A valid value, shown beside every mistake. */
  readonly example: string
}

export const SETTING_GROUPS = [
  'Keycloak',
  'Upstream and listeners',
  'Scopes and policy',
  'Limits',
  'Operation',
] as const

type SettingGroup = (typeof SETTING_GROUPS)[number]

interface TextSetting extends SettingBase {
  readonly kind: 'text' | 'url' | 'file'
  readonly isRequired?: true
  /** The methods of KEYCLOAK_AUTH_METHOD that cannot do without it, in words. */
  readonly requiredBy?: string
  /** Also read from the file that `<NAME>_FILE` names, and never printed. */
  readonly isSecret?: true
  readonly default?: string
  /** Shown in place of a default that depends on other settings. */
  readonly shownDefault?: string
  readonly rule?: PatternRule
}

interface NumberSetting extends SettingBase {
  /** `bytes` also takes the suffixes KiB and MiB. */
  readonly kind: 'integer' | 'bytes'
  readonly default: number
  readonly min: number
  readonly max: number
}

interface BooleanSetting extends SettingBase {
  readonly kind: 'boolean'
  readonly default: boolean
}

/** Without a default it may be left out. */
interface ChoiceSetting extends SettingBase {
  readonly kind: 'choice'
  readonly default?: string
  /** Shown in place of a default that depends on other settings. */
  readonly shownDefault?: string
  readonly choices: readonly string[]
}

/** Separated by spaces; without a default it is empty. */
export interface ListSetting extends SettingBase {
  readonly kind: 'list'
  readonly default: readonly string[]
  readonly choices?: readonly string[]
  readonly rule?: PatternRule
}

/** A regular expression of JSON schema, with the words for a value (or a list's element) that does not match it. */
interface PatternRule {
  readonly pattern: string
  readonly reason: string
}

/** The values that a setting may have, or its elements; empty where there is no such list. */
export function showChoices(setting: Setting): string {
  const choices = 'choices' in setting ? setting.choices : undefined
  return choices === undefined ? '' : choices.map((choice) => `\`${choice}\``).join(', ')
}

/** The setting as the README and `--help` show its default. */
export function showDefault(setting: Setting): string {
  switch (setting.kind) {
    case 'text':
    case 'url':
    case 'file':
      if (setting.isRequired) return 'required'
      if (setting.requiredBy) return `required by ${setting.requiredBy}`
      return setting.shownDefault ?? setting.default ?? ''
    case 'bytes':
      return showBytes(setting.default)
    case 'list':
      return setting.default.join(' ')
    case 'choice':
      return setting.shownDefault ?? setting.default ?? ''
    case 'integer':
    case 'boolean':
      return String(setting.default)
  }
}

/** `16777216` as `16MiB`: the largest suffix that leaves a whole number. */
export function showBytes(bytes: number): string {
  if (bytes > 0 && bytes % 1048576 === 0) return `${bytes / 1048576}MiB`
  if (bytes > 0 && bytes % 1024 === 0) return `${bytes / 1024}KiB`
  return String(bytes)
}
