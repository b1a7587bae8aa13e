import { checkClientAuthentication } from './check-client-authentication.ts'
import { checkFiles } from './check-files.ts'
import { checkSettings } from './check-settings.ts'
import type { CheckedTls } from './check-tls.ts'
import { checkTls } from './check-tls.ts'
import type { CheckedUrls } from './check-urls.ts'
import { checkUrls } from './check-urls.ts'
import type { ClientAuthenticationConfig, Config, KeycloakConfig } from './config.ts'
import type { Mistake } from './config-error.ts'
import { ConfigError } from './config-error.ts'
import { deepFreeze } from './deep-freeze.ts'
import { describeUnreadable } from './describe-unreadable.ts'
import { MAX_SETTINGS_BYTES } from './file-bounds.ts'
import { findMisspelled } from './misspelled.ts'
import type { Mistakes } from './mistakes.ts'
import { createMistakes } from './mistakes.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import type { Environment } from './read-variables.ts'
import { readVariables } from './read-variables.ts'
import { readSecretFiles } from './secret-files.ts'
import type { SettingValues } from './settings-schema.ts'
import { validateSettings } from './validate-settings.ts'
import { warnOfSettings } from './warn-of-settings.ts'

export interface LoadConfigOptions {
  readonly env: Environment
  /** Called for the `.env` file and for every file that a setting names. */
  readonly readFile: ReadFile
  /** Path of a `.env` file; one that cannot be read is a mistake. */
  readonly envFile?: string | undefined
  /** Milliseconds since the epoch; the system's clock where there is none. */
  readonly now?: () => number
}

/**
 * Reads and checks every setting. No I/O but through `readFile`.
 * @throws {ConfigError} with all mistakes at once; its text holds no value of any variable.
 */
export function loadConfig(options: LoadConfigOptions): Config {
  const { config, mistakes, hints } = examineConfig(options)
  if (mistakes.length > 0) throw new ConfigError(mistakes, hints)
  return config
}

export interface ExaminedConfig {
  /** Where a variable is wrong or missing, its default or example stands in: for whoever looks at the mistakes too. */
  readonly config: Config
  readonly mistakes: readonly Mistake[]
  /** A sentence for each variable that looks misspelled. */
  readonly hints: readonly string[]
}

/** Like `loadConfig`, for whoever goes on in spite of mistakes. */
export function examineConfig({
  env,
  readFile,
  envFile,
  now = Date.now,
}: LoadConfigOptions): ExaminedConfig {
  const mistakes = createMistakes()
  const variables = readVariables(env, readEnvFile(envFile, readFile, mistakes))
  const misspelled = findMisspelled(variables.keys())
  const isDeniedDefault = !variables.has('DENIED_SCOPES')
  const secretFiles = readSecretFiles({ variables, readFile, mistakes })
  const values = validateSettings(variables, mistakes)
  const authentication = checkClientAuthentication({ values, secretFiles, mistakes })
  const urls = checkUrls(values, mistakes)
  checkSettings(values, urls, mistakes)
  const tls = checkTls({
    values,
    urls,
    readFile,
    mistakes,
    extraAuthorities: env['NODE_EXTRA_CA_CERTS'],
    nowMs: now(),
  })
  checkFiles({ values, readFile, mistakes })
  const config = deepFreeze({
    ...toNetwork(values, urls, tls),
    keycloak: { ...toKeycloak(values, urls, authentication.config), tls: tls.keycloak },
    policy: {
      allowedScopes: values.ALLOWED_SCOPES,
      deniedScopes: values.DENIED_SCOPES,
      isDeniedDefault,
      maxScopes: values.MAX_SCOPES,
      policyFile: values.POLICY_FILE,
      llamaStackConfig: values.LLAMA_STACK_CONFIG,
    },
    budget: { perMinute: values.EXCHANGES_PER_MINUTE, perSecond: values.EXCHANGES_PER_SECOND },
    cache: { maxEntries: values.CACHE_MAX_ENTRIES, maxTtlMs: values.CACHE_MAX_TTL_MS },
    replay: { maxBytes: values.REPLAY_MAX_BYTES, totalBytes: values.REPLAY_TOTAL_BYTES },
    shutdownGraceMs: values.SHUTDOWN_GRACE_MS,
    outcomeHeader: values.OUTCOME_HEADER,
    readyRequires: sortUnique(values.READY_REQUIRES),
    logLevel: values.LOG_LEVEL,
    warnings: [
      ...warnOfSettings(values, urls),
      ...authentication.warnings,
      ...tls.warnings,
      ...misspelled,
    ],
  })
  return { config, mistakes: mistakes.list(), hints: misspelled }
}

function readEnvFile(path: string | undefined, readFile: ReadFile, mistakes: Mistakes) {
  if (path === undefined) return undefined
  const file = readText(readFile, path, MAX_SETTINGS_BYTES)
  if (file.kind === 'text') return file.text
  const reason = `names a file that ${describeUnreadable(file)}`
  mistakes.addOther({ variable: '--env-file', reason, example: '.env' })
  return undefined
}

function toNetwork(values: SettingValues, { upstream }: CheckedUrls, tls: CheckedTls) {
  return {
    upstream: {
      url: upstream,
      connectTimeoutMs: values.UPSTREAM_CONNECT_TIMEOUT_MS,
      headersTimeoutMs: values.UPSTREAM_HEADERS_TIMEOUT_MS,
      tls: tls.upstream,
    },
    listen: { host: values.HOST, port: values.PORT },
    admin: { host: values.ADMIN_HOST, port: values.ADMIN_PORT },
    trustedProxies: values.TRUSTED_PROXIES,
  }
}

function toKeycloak(
  values: SettingValues,
  { keycloak, issuer }: CheckedUrls,
  authentication: ClientAuthenticationConfig,
): Omit<KeycloakConfig, 'tls'> {
  const realmUrl = `${keycloak}/realms/${encodeURIComponent(values.KEYCLOAK_REALM)}`
  return {
    issuer: issuer ?? realmUrl,
    tokenEndpoint: new URL(`${realmUrl}/protocol/openid-connect/token`),
    jwksUri: new URL(`${realmUrl}/protocol/openid-connect/certs`),
    discoveryUrl: new URL(`${realmUrl}/.well-known/openid-configuration`),
    clientId: values.KEYCLOAK_CLIENT_ID,
    authentication,
    audience: sortUnique(values.KEYCLOAK_AUDIENCE),
    exchangeTimeoutMs: values.EXCHANGE_TIMEOUT_MS,
  }
}

function sortUnique<T extends string>(list: readonly T[]): readonly T[] {
  return [...new Set(list)].sort()
}
