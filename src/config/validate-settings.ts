import envSchema from 'env-schema'
import type { Mistakes } from './mistakes.ts'
import type { Literal } from './parse-literal.ts'
import { describeRefusal, parseLiteral } from './parse-literal.ts'
import type { SettingName, SettingValues } from './settings-schema.ts'
import {
  createJsonSchema,
  isSecretSetting,
  isSettingName,
  listSettings,
  SETTINGS,
} from './settings-schema.ts'

/**
 * Checks each variable by itself and fills in the defaults. A required one that is missing or wrong has its example
 * in the result, any other wrong one its default, so that the remaining checks can run before all mistakes are thrown.
 */
export function validateSettings(
  variables: ReadonlyMap<string, string>,
  mistakes: Mistakes,
): SettingValues {
  const literals: Record<string, Literal> = {}
  for (const [name, setting] of listSettings()) {
    const text = variables.get(name)
    const literal = text === undefined ? undefined : parseLiteral(setting, text)
    if (literal !== undefined) literals[name] = literal
    else if (text !== undefined) mistakes.add(name, describeRefusal(setting))
  }
  const wrong = findWrong(literals)
  for (const { name, isMissing } of wrong) {
    if (isMissing) mistakes.addMissing(name, describeMissing(name))
    else mistakes.add(name, describeRefusal(SETTINGS[name]))
    if ('isRequired' in SETTINGS[name]) literals[name] = SETTINGS[name].example
    else delete literals[name]
  }
  return check(literals)
}

interface Wrong {
  readonly name: SettingName
  readonly isMissing: boolean
}

function findWrong(literals: Readonly<Record<string, Literal>>): readonly Wrong[] {
  try {
    check(literals)
    return []
  } catch (error) {
    const wrong = readSchemaErrors(error)
    if (wrong.length === 0) throw error
    return wrong
  }
}

function check(literals: Readonly<Record<string, Literal>>): SettingValues {
  return envSchema<SettingValues>({ schema: createJsonSchema(), data: { ...literals }, env: false })
}

/** The part of Ajv's error that is read here. */
interface SchemaError {
  /** `/NAME`, `/NAME/0` for an element of a list, empty for a missing variable. */
  readonly instancePath: string
  readonly params: { readonly missingProperty?: unknown }
}

function readSchemaErrors(error: unknown): readonly Wrong[] {
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) return []
  return error.errors.filter(isSchemaError).flatMap(({ instancePath, params }): Wrong[] => {
    const isMissing = params.missingProperty !== undefined
    const name = isMissing ? String(params.missingProperty) : (instancePath.split('/')[1] ?? '')
    return isSettingName(name) ? [{ name, isMissing }] : []
  })
}

function describeMissing(name: SettingName): string {
  return isSecretSetting(name) ? `is missing (or set ${name}_FILE)` : 'is missing'
}

function isSchemaError(value: unknown): value is SchemaError {
  if (typeof value !== 'object' || value === null) return false
  if (!('instancePath' in value) || typeof value.instancePath !== 'string') return false
  return 'params' in value && typeof value.params === 'object' && value.params !== null
}
