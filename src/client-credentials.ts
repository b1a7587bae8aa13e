import type { ClientKey, ClientKeyPart, ClientKeyWishes } from './config/client-key.ts'
import { parseClientKey } from './config/client-key.ts'
import type { ClientAuthenticationConfig, SecretSource } from './config/config.ts'
import type { WatchedAssertion } from './config/watched-assertion.ts'
import { watchAssertion } from './config/watched-assertion.ts'
import type { WatchedSecret } from './config/watched-secret.ts'
import { watchSecret } from './config/watched-secret.ts'
import type { Log } from './observability/logger.ts'
import type { Problems } from './observability/problems.ts'
import type { Secret } from './secret.ts'
import { createSecret } from './secret.ts'
import type { ClientAuthentication } from './token-exchange/client-authentication.ts'
import { clientSecretBasic, clientSecretPost } from './token-exchange/client-secret.ts'
import { federatedJwt } from './token-exchange/federated-jwt.ts'
import { privateKeyJwt } from './token-exchange/private-key-jwt.ts'

/** What the requester client proves itself with, kept as new as its file. */
export interface ClientCredentials {
  readonly authentication: ClientAuthentication
  /** Reads the file now; whether there is something else in it than was used last. */
  refresh(): Promise<boolean>
  close(): void
}

export interface ClientCredentialsOptions {
  readonly config: {
    readonly clientId: string
    readonly issuer: string
    readonly authentication: ClientAuthenticationConfig
  }
  /** How often a file is looked at. */
  readonly intervalMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** There is another secret, key or assertion than before. */
  readonly onNew: () => void
  readonly problems: Problems
  readonly log: Pick<Log, 'info'>
}

/** Opens what KEYCLOAK_AUTH_METHOD names. A file that turns bad is a problem; what was read before stays in use. */
export function openClientCredentials(options: ClientCredentialsOptions): ClientCredentials {
  const { clientId, issuer, authentication: config } = options.config
  switch (config.method) {
    case 'client_secret_basic':
    case 'client_secret_post': {
      const secret = watch(options, config.secret, SECRET, parseSecret)
      const create = config.method === 'client_secret_basic' ? clientSecretBasic : clientSecretPost
      return { ...secret, authentication: create({ clientId, secret: secret.current }) }
    }
    case 'private_key_jwt': {
      const key = watch(options, config.key, KEY, (text) => parseKey(text, config))
      const { now } = options
      return { ...key, authentication: privateKeyJwt({ clientId, issuer, key: key.current, now }) }
    }
    case 'federated_jwt': {
      const file = openAssertion(options, config.assertionFile)
      return { ...file, authentication: federatedJwt({ assertion: file.read }) }
    }
  }
}

interface Kind {
  readonly problem: string
  readonly variable: string
  readonly noun: string
}

const SECRET: Kind = {
  problem: 'client-secret-file',
  variable: 'KEYCLOAK_CLIENT_SECRET_FILE',
  noun: 'the client secret',
}
const KEY: Kind = {
  problem: 'client-key-file',
  variable: 'KEYCLOAK_CLIENT_KEY_FILE',
  noun: 'the key of the client',
}

function watch<T>(
  { intervalMs, onNew, problems, log }: ClientCredentialsOptions,
  source: SecretSource,
  { problem, variable, noun }: Kind,
  parse: (text: string) => T,
): WatchedSecret<T> {
  return watchSecret(source, {
    intervalMs,
    parse,
    onRead(isNew) {
      problems.resolve(problem)
      if (!isNew) return
      onNew()
      log.info(`${noun} was read anew`)
    },
    onError: (error) => problems.report(problem, `${variable}: ${error.message}`),
  })
}

function parseSecret(text: string): Secret {
  // A file that is being written is empty for a moment.
  if (text === '') throw new Error('the file is empty')
  return createSecret(text)
}

function parseKey(text: string, wishes: ClientKeyWishes): ClientKey {
  const parsed = parseClientKey(text, wishes)
  if (parsed.kind === 'key') return parsed.key
  throw new Error(`${describeMistake(parsed.about, parsed.reason)}; the key before stays in use`)
}

function describeMistake(about: ClientKeyPart, reason: string): string {
  switch (about) {
    case 'key':
      return reason
    case 'algorithm':
      return 'holds a key that KEYCLOAK_CLIENT_KEY_ALG does not fit'
    case 'key-id':
      return "holds a JWK whose 'kid' KEYCLOAK_CLIENT_KEY_ID contradicts"
  }
}

const ASSERTION_PROBLEM = 'client-assertion-file'

function openAssertion(options: ClientCredentialsOptions, path: string): WatchedAssertion {
  const { intervalMs, now, onNew, problems, log, config } = options
  return watchAssertion({
    path,
    intervalMs,
    now,
    onRead() {
      problems.resolve(ASSERTION_PROBLEM)
      onNew()
      log.info('the assertion of the client was read anew')
    },
    onNew,
    onError: (error) =>
      problems.report(
        ASSERTION_PROBLEM,
        `KEYCLOAK_CLIENT_ASSERTION_FILE: ${error.message}; mount a service account token there whose audience is ${config.issuer}.`,
      ),
  })
}
