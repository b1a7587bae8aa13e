import { inspect } from 'node:util'
import fc from 'fast-check'
import { ConfigError } from '../../../src/config/config-error.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { isSecretSetting, listSettings } from '../../../src/config/settings-schema.ts'
import { createTarget } from '../target.ts'

/** Stands in every value, and in no name, reason or example: where it shows, a value was printed. */
const MARK = 'zQ7'

const NAMES = listSettings().map(([name]) => name)
const NAME = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<string>(...NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...NAMES.map((name) => `${name}_FILE`)) },
  fc.constantFrom(
    ...NAMES.map((name) => name.slice(0, -1)),
    'SCOPELIFT',
    '__proto__',
    'constructor',
    'toString',
  ),
)
const VALUE = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    '8080',
    'true',
    'FALSE',
    'yes',
    '\0',
    '\n',
    '*',
    '16MiB',
    '1.5',
    'NaN',
  ),
  fc.constantFrom(
    'http://127.0.0.1:8002',
    'https://a.example/auth',
    'http://a.example',
    'ftp://a',
    'http://',
    '//a',
    'http://[::1]:99999',
  ),
  fc.constantFrom(
    'llama:* mcp:*',
    'client_secret_post',
    'keycloak upstream',
    '10.0.0.0/8 ::1',
    'debug',
    '127.0.0.1',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const MARKED = fc
  .tuple(VALUE, fc.constantFrom('', MARK), fc.constantFrom('', `:${MARK}@x`, ` ${MARK}`))
  .map(([value, before, behind]) => before + value + behind)
/** Enough that something is read in the end: the requirements, each as it should be. */
const SOUND = {
  KEYCLOAK_SERVER_URL: 'http://127.0.0.1:8002',
  KEYCLOAK_REALM: 'demo',
  KEYCLOAK_CLIENT_ID: 'client',
  KEYCLOAK_CLIENT_SECRET: `${MARK}-secret`,
}
const ENVIRONMENT = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(NAME, MARKED), { maxLength: 6 }))
  .map(([isSound, entries]) => ({ ...(isSound ? SOUND : {}), ...Object.fromEntries(entries) }))
const FILE = fc.oneof(
  fc.constant(undefined),
  MARKED,
  fc.array(fc.tuple(NAME, MARKED)).map(toEnvFile),
)

function toEnvFile(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `${name}=${value}`).join('\n')
}

/** Any environment: settings, or one `ConfigError`; and no value in any text of ours, least of all the secret. */
export const settings = createTarget('settings', 3, () =>
  fc.property(ENVIRONMENT, FILE, fc.boolean(), (env, file, hasEnvFile) => {
    const readFile = (): string => {
      if (file === undefined)
        throw Object.assign(new Error(`no such file ${MARK}`), { code: 'ENOENT' })
      return file
    }
    try {
      const config = loadConfig({ env, readFile, envFile: hasEnvFile ? '.env' : undefined })
      const { authentication } = config.keycloak
      const source = 'secret' in authentication ? authentication.secret : undefined
      const texts = [...config.warnings, inspect(source?.secret), JSON.stringify(source) ?? '']
      return texts.every((text) => !text.includes(MARK)) && !holdsSecret(config, env)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return error.entries.length > 0 && !`${error.message}${error.stack ?? ''}`.includes(MARK)
    }
  }),
)

/** Whether the secret shows where all of the settings are printed. */
function holdsSecret(config: unknown, env: Readonly<Record<string, string>>): boolean {
  const secrets = Object.entries(env).flatMap(([name, value]) =>
    isSecretSetting(name) && value.length > 6 ? [value] : [],
  )
  const others = Object.entries(env).flatMap(([name, value]) =>
    isSecretSetting(name) ? [] : [value],
  )
  const printed = `${inspect(config, { depth: 9 })}${JSON.stringify(config)}`
  return secrets.some(
    (secret) => printed.includes(secret) && !others.some((other) => other.includes(secret)),
  )
}
