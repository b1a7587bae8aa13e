import { createSecret } from '../secret.ts'
import { parseClientKey } from './client-key.ts'
import type { ClientAuthenticationConfig, SecretSource } from './config.ts'
import type { Mistakes } from './mistakes.ts'
import type { SettingName, SettingValues } from './settings-schema.ts'

export interface CheckClientAuthenticationOptions {
  readonly values: SettingValues
  /** The paths of `<NAME>_FILE`, by `<NAME>`. */
  readonly secretFiles: ReadonlyMap<string, string>
  readonly mistakes: Mistakes
}

export interface CheckedClientAuthentication {
  /** Where there was a mistake, something stands in for what is wrong. */
  readonly config: ClientAuthenticationConfig
  readonly warnings: readonly string[]
}

/** What the method of KEYCLOAK_AUTH_METHOD needs must be there and be good; what it does not need is worth a warning. */
export function checkClientAuthentication(
  options: CheckClientAuthenticationOptions,
): CheckedClientAuthentication {
  const { values, mistakes } = options
  const needed = NEEDED[values.KEYCLOAK_AUTH_METHOD]
  if (values[needed] === undefined && !mistakes.has(needed, 'KEYCLOAK_AUTH_METHOD')) {
    mistakes.addMissing(needed, describeMissing(options, needed))
  }
  return { config: toConfig(options), warnings: warnOfUnused(options, needed) }
}

type CredentialName =
  | 'KEYCLOAK_CLIENT_SECRET'
  | 'KEYCLOAK_CLIENT_KEY'
  | 'KEYCLOAK_CLIENT_ASSERTION_FILE'

type Method = SettingValues['KEYCLOAK_AUTH_METHOD']

const NEEDED: Readonly<Record<Method, CredentialName>> = {
  client_secret_basic: 'KEYCLOAK_CLIENT_SECRET',
  client_secret_post: 'KEYCLOAK_CLIENT_SECRET',
  private_key_jwt: 'KEYCLOAK_CLIENT_KEY',
  federated_jwt: 'KEYCLOAK_CLIENT_ASSERTION_FILE',
}

/** Who has set the credential of another method has forgotten to say which. */
const METHOD_OF = {
  KEYCLOAK_CLIENT_KEY: 'private_key_jwt',
  KEYCLOAK_CLIENT_ASSERTION_FILE: 'federated_jwt',
} as const

function describeMissing(
  { values }: CheckClientAuthenticationOptions,
  needed: CredentialName,
): string {
  const isFile = needed === 'KEYCLOAK_CLIENT_ASSERTION_FILE'
  const start = isFile ? 'is missing' : `is missing (or set ${needed}_FILE)`
  const other = (['KEYCLOAK_CLIENT_KEY', 'KEYCLOAK_CLIENT_ASSERTION_FILE'] as const).find(
    (name) => name !== needed && values[name] !== undefined,
  )
  if (other === undefined) {
    return values.KEYCLOAK_AUTH_METHOD.startsWith('client_secret')
      ? start
      : `${start}, for KEYCLOAK_AUTH_METHOD is ${values.KEYCLOAK_AUTH_METHOD}`
  }
  return `${start}; ${other} is used with KEYCLOAK_AUTH_METHOD=${METHOD_OF[other]}`
}

function toConfig(options: CheckClientAuthenticationOptions): ClientAuthenticationConfig {
  const { values } = options
  const method = values.KEYCLOAK_AUTH_METHOD
  switch (method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return { method, secret: toSource(options, 'KEYCLOAK_CLIENT_SECRET') }
    case 'private_key_jwt': {
      checkKey(options)
      return {
        method,
        key: toSource(options, 'KEYCLOAK_CLIENT_KEY'),
        keyId: values.KEYCLOAK_CLIENT_KEY_ID,
        algorithm: values.KEYCLOAK_CLIENT_KEY_ALG,
      }
    }
    case 'federated_jwt':
      return { method, assertionFile: values.KEYCLOAK_CLIENT_ASSERTION_FILE ?? '' }
  }
}

function checkKey({ values, secretFiles, mistakes }: CheckClientAuthenticationOptions): void {
  const text = values.KEYCLOAK_CLIENT_KEY
  const variable = secretFiles.has('KEYCLOAK_CLIENT_KEY')
    ? 'KEYCLOAK_CLIENT_KEY_FILE'
    : 'KEYCLOAK_CLIENT_KEY'
  // A file that could not be read has its mistake already, and an example stands in for what it holds.
  if (text === undefined || mistakes.hasOther('KEYCLOAK_CLIENT_KEY_FILE')) return
  const parsed = parseClientKey(text, {
    algorithm: values.KEYCLOAK_CLIENT_KEY_ALG,
    keyId: values.KEYCLOAK_CLIENT_KEY_ID,
  })
  if (parsed.kind === 'key') return
  const { about, reason } = parsed
  if (about === 'algorithm') mistakes.add('KEYCLOAK_CLIENT_KEY_ALG', reason)
  else if (about === 'key-id') mistakes.add('KEYCLOAK_CLIENT_KEY_ID', reason)
  else mistakes.addOther({ variable, reason, example: KEY_EXAMPLES[variable] })
}

const KEY_EXAMPLES = {
  KEYCLOAK_CLIENT_KEY: '<private key of the client>',
  KEYCLOAK_CLIENT_KEY_FILE: '/run/secrets/client-key.pem',
} as const

function toSource(
  { values, secretFiles }: CheckClientAuthenticationOptions,
  name: 'KEYCLOAK_CLIENT_SECRET' | 'KEYCLOAK_CLIENT_KEY',
): SecretSource {
  const secret = createSecret(values[name] ?? '')
  const path = secretFiles.get(name)
  return path === undefined ? { kind: 'value', secret } : { kind: 'file', path, secret }
}

const KEY_DETAILS = ['KEYCLOAK_CLIENT_KEY_ID', 'KEYCLOAK_CLIENT_KEY_ALG'] as const

/** A credential that nobody uses is best not there; and who has set it may have meant another method. */
function warnOfUnused(
  { values }: CheckClientAuthenticationOptions,
  needed: CredentialName,
): readonly string[] {
  const unused: SettingName[] = Object.values(NEEDED).filter(
    (name) => name !== needed && values[name] !== undefined,
  )
  if (needed !== 'KEYCLOAK_CLIENT_KEY') {
    unused.push(...KEY_DETAILS.filter((name) => values[name] !== undefined))
  }
  return [...new Set(unused)].map(
    (name) => `${name} is not used with KEYCLOAK_AUTH_METHOD=${values.KEYCLOAK_AUTH_METHOD}`,
  )
}
