import type { Setting } from '../../src/config/setting.ts'
import type { SettingName } from '../../src/config/settings-schema.ts'
import { isSecretSetting, listSettings } from '../../src/config/settings-schema.ts'

/** Settings that the chart gives the container itself; in `settings` they would contradict the pod. */
const OWNED_BY_POD: ReadonlySet<SettingName> = new Set<SettingName>([
  'HOST',
  'PORT',
  'ADMIN_HOST',
  'ADMIN_PORT',
  'KEYCLOAK_AUTH_METHOD',
  'KEYCLOAK_CLIENT_ASSERTION_FILE',
  'POLICY_FILE',
  'LLAMA_STACK_CONFIG',
  'CA_FILE',
])

/** What `settings` in the chart's `values.schema.json` has to be, made from the table that the program itself reads. */
export function createChartSettingsSchema(): unknown {
  const properties: Record<string, unknown> = {}
  for (const [name, setting] of listSettings()) {
    // A secret in the values would be kept with every release of Helm.
    if (OWNED_BY_POD.has(name) || isSecretSetting(name)) continue
    properties[name] = toProperty(setting)
  }
  return {
    description: "Scopelift's settings: see the table in the README",
    type: 'object',
    additionalProperties: false,
    properties,
  }
}

/** Empty is unset, as in the environment. */
function toProperty(setting: Setting): Record<string, unknown> {
  switch (setting.kind) {
    case 'integer':
      return { type: 'integer', minimum: setting.min, maximum: setting.max }
    case 'bytes':
      return { type: ['integer', 'string'], minimum: setting.min, pattern: '^([0-9]+([KM]iB)?)?$' }
    case 'boolean':
      return { type: 'boolean' }
    case 'choice':
      return { type: 'string', enum: ['', ...setting.choices] }
    case 'list':
      return setting.choices === undefined
        ? { type: 'string' }
        : { type: 'string', pattern: listOf(setting.choices) }
    case 'url':
      return { type: 'string', pattern: '^([Hh][Tt][Tt][Pp][Ss]?://.+)?$' }
    case 'file':
      return { type: 'string', pattern: '^(/.+)?$' }
    case 'text':
      return { type: 'string' }
  }
}

function listOf(choices: readonly string[]): string {
  const one = `(${choices.join('|')})`
  return `^(${one}( ${one})*)?$`
}
