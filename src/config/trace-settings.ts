import { maskTokens, toPrintable } from '../observability/printable.ts'
import type { Config } from './config.ts'
import { parseLiteral } from './parse-literal.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import type { Environment } from './read-variables.ts'
import { readVariables } from './read-variables.ts'
import type { Setting } from './setting.ts'
import { showBytes, showDefault } from './setting.ts'
import type { SettingName } from './settings-schema.ts'
import { isSecretSetting, listSettings } from './settings-schema.ts'

/** One setting as it is in force. */
export interface TracedSetting {
  readonly name: SettingName
  readonly group: string
  readonly source: 'environment' | 'env-file' | 'default' | 'unset'
  /** Of a secret: never its text. */
  readonly value: string | undefined
  readonly isSecret: boolean
  /** The file that holds the secret, which `<NAME>_FILE` names. */
  readonly secretFile: string | undefined
}

export interface TraceSettingsOptions {
  readonly env: Environment
  readonly readFile: ReadFile
  readonly envFile: string | undefined
  /** For the defaults that depend on other settings. */
  readonly config: Config
}

/** Every setting with its value and where that comes from. Nothing is checked here. */
export function traceSettings(options: TraceSettingsOptions): readonly TracedSetting[] {
  const { env, readFile, envFile, config } = options
  const file = envFile === undefined ? undefined : readText(readFile, envFile)
  const fromEnvironment = readVariables(env, undefined)
  const fromFile = readVariables({}, file?.kind === 'text' ? file.text : '')
  const find = (variable: string) => {
    const text = fromEnvironment.get(variable)
    if (text !== undefined) return { text, source: 'environment' } as const
    const other = fromFile.get(variable)
    return other === undefined ? undefined : ({ text: other, source: 'env-file' } as const)
  }
  return listSettings().map(([name, setting]) => {
    const isSecret = isSecretSetting(name)
    const secretFile = isSecret ? find(`${name}_FILE`) : undefined
    const found = find(name) ?? secretFile
    const shown = isSecret ? undefined : showValue(name, setting, found?.text, config)
    const value = shown === undefined ? undefined : clean(shown)
    const unset = value === undefined ? 'unset' : 'default'
    return {
      name,
      group: setting.group,
      source: found?.source ?? unset,
      value,
      isSecret,
      secretFile: secretFile && clean(secretFile.text.trim()),
    }
  })
}

const MAX_VALUE_CHARACTERS = 16_384

/** A token stands by mistake where its file is to be named; controls would act on the terminal. */
function clean(text: string): string {
  return maskTokens(toPrintable(text, MAX_VALUE_CHARACTERS))
}

function showValue(
  name: SettingName,
  setting: Setting,
  text: string | undefined,
  config: Config,
): string | undefined {
  if (text !== undefined) {
    const literal = parseLiteral(setting, text)
    if (typeof literal === 'number' && setting.kind === 'bytes') return showBytes(literal)
    return typeof literal === 'object' ? literal.join(' ') : String(literal)
  }
  if (name === 'KEYCLOAK_ISSUER') return config.keycloak.issuer
  const shown = setting.default === undefined ? '' : showDefault(setting)
  return shown === '' ? undefined : shown
}
