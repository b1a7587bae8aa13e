import type { Config } from '../config/config.ts'
import type { TracedSetting } from '../config/trace-settings.ts'

export interface ConfigOptions {
  readonly settings: readonly TracedSetting[]
  readonly envFile: string | undefined
  readonly config: Pick<Config, 'warnings'>
  /** One JSON document in place of lines. */
  readonly isJson: boolean
  /** Takes a line, without its line end. */
  readonly print: (line: string) => void
}

/** Prints the settings in force, where each comes from, and no secret. */
export function config({ settings, envFile, config: { warnings }, isJson, print }: ConfigOptions) {
  if (isJson) {
    print(
      JSON.stringify(
        { envFile: envFile ?? null, warnings, settings: settings.map(toJson) },
        undefined,
        2,
      ),
    )
    return 0
  }
  let group = ''
  for (const setting of settings) {
    if (setting.group !== group) print(`${group === '' ? '' : '\n'}# ${setting.group}`)
    group = setting.group
    print(toLine(setting, envFile ?? ''))
  }
  for (const warning of warnings) print(`\n# Worth a look: ${warning}`)
  return 0
}

/** The form of a .env file, with a comment. */
function toLine(setting: TracedSetting, envFile: string): string {
  const { name, value, isSecret, source } = setting
  if (source === 'unset') return `# ${name} is not set`
  if (isSecret) return `# ${name} is set (${whereFrom(setting, envFile)})`
  return `${name}=${quote(value ?? '')} # ${whereFrom(setting, envFile)}`
}

/** As Node's `.env` parser reads it back: it knows no escapes, so that a quote is chosen that the value has not. */
function quote(value: string): string {
  if (!/[#'"`]|^\s|\s$/.test(value)) return value
  const mark = [`'`, '`', '"'].find((one) => !value.includes(one)) ?? '"'
  return `${mark}${value}${mark}`
}

function whereFrom({ name, source, secretFile }: TracedSetting, envFile: string): string {
  const origin = source === 'env-file' ? envFile : source
  return secretFile === undefined ? origin : `from file ${secretFile}, by ${name}_FILE of ${origin}`
}

function toJson({ name, value, isSecret, source, secretFile }: TracedSetting) {
  return {
    name,
    source,
    ...(isSecret
      ? { isSecret, isSet: source !== 'unset', ...(secretFile === undefined ? {} : { secretFile }) }
      : { value: value ?? null }),
  }
}
