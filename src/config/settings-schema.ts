import { KEYCLOAK_SETTINGS } from './keycloak-settings.ts'
import { NETWORK_SETTINGS } from './network-settings.ts'
import { OPERATION_SETTINGS } from './operation-settings.ts'
import { POLICY_SETTINGS } from './policy-settings.ts'
import type { ListSetting, Setting } from './setting.ts'

/** Every setting, under the name of its environment variable. */
export const SETTINGS = {
  ...KEYCLOAK_SETTINGS,
  ...NETWORK_SETTINGS,
  ...POLICY_SETTINGS,
  ...OPERATION_SETTINGS,
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS

/** The settings as env-schema returns them: parsed, checked one by one, defaults filled in. */
export type SettingValues = { readonly [N in SettingName]: ValueOf<(typeof SETTINGS)[N]> }

type ValueOf<S> = S extends { readonly kind: 'integer' | 'bytes' }
  ? number
  : S extends { readonly kind: 'boolean' }
    ? boolean
    : S extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] }
      ? C | (S extends { readonly default: string } ? never : undefined)
      : S extends { readonly kind: 'list'; readonly choices: readonly (infer C)[] }
        ? readonly C[]
        : S extends { readonly kind: 'list' }
          ? readonly string[]
          : S extends { readonly isRequired: true } | { readonly default: string }
            ? string
            : string | undefined

/** The table in order, its rows widened to `Setting`. */
export function listSettings(): readonly (readonly [SettingName, Setting])[] {
  return Object.entries(SETTINGS).flatMap(([name, setting]) =>
    isSettingName(name) ? [[name, setting] as const] : [],
  )
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name)
}

export function isSecretSetting(name: string): boolean {
  const setting: Setting | undefined = isSettingName(name) ? SETTINGS[name] : undefined
  return setting !== undefined && 'isSecret' in setting && setting.isSecret === true
}

export interface SettingsJsonSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, unknown>>
  readonly required: readonly string[]
}

/** A fresh JSON schema at each call: env-schema writes into the one it is given. */
export function createJsonSchema(): SettingsJsonSchema {
  const properties: Record<string, unknown> = {}
  const required: string[] = []
  for (const [name, setting] of listSettings()) {
    properties[name] = toProperty(setting)
    if ('isRequired' in setting && setting.isRequired) required.push(name)
  }
  return { type: 'object', properties, required }
}

function toProperty(setting: Setting): Record<string, unknown> {
  switch (setting.kind) {
    case 'integer':
    case 'bytes':
      return {
        type: 'integer',
        minimum: setting.min,
        maximum: setting.max,
        default: setting.default,
      }
    case 'boolean':
      return { type: 'boolean', default: setting.default }
    case 'choice':
      return {
        type: 'string',
        enum: [...setting.choices],
        ...(setting.default !== undefined && { default: setting.default }),
      }
    case 'list':
      return { type: 'array', items: toItems(setting), default: [...setting.default] }
    case 'text':
    case 'url':
    case 'file':
      return {
        type: 'string',
        ...(setting.rule && { pattern: setting.rule.pattern }),
        ...(setting.default !== undefined && { default: setting.default }),
      }
  }
}

function toItems(setting: ListSetting): Record<string, unknown> {
  return {
    type: 'string',
    ...(setting.choices && { enum: [...setting.choices] }),
    ...(setting.rule && { pattern: setting.rule.pattern }),
  }
}
