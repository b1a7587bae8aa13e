import type { Secret } from '../secret.ts'
import type { SigningAlgorithm } from './client-key.ts'
import type { TlsMaterial } from './tls-material.ts'

/** The settings of one process: checked, deeply frozen, in the units that the code uses. */
export interface Config {
  readonly upstream: {
    /** May have a path, which is put before every target; no query, fragment or userinfo. */
    readonly url: URL
    readonly connectTimeoutMs: number
    readonly headersTimeoutMs: number
    readonly tls: TlsMaterial
  }
  readonly listen: Endpoint
  readonly admin: Endpoint
  readonly keycloak: KeycloakConfig
  readonly policy: {
    readonly allowedScopes: readonly string[]
    readonly deniedScopes: readonly string[]
    /** Whether `deniedScopes` is the default, which yields to scopes named literally in `allowedScopes`. */
    readonly isDeniedDefault: boolean
    readonly maxScopes: number
    readonly policyFile: string | undefined
    readonly llamaStackConfig: string | undefined
  }
  /** Exchanges per verified `sub` and minute, and per second in all; 0: no limit. */
  readonly budget: { readonly perMinute: number; readonly perSecond: number }
  readonly cache: { readonly maxEntries: number; readonly maxTtlMs: number }
  readonly replay: { readonly maxBytes: number; readonly totalBytes: number }
  readonly shutdownGraceMs: number
  /** IP addresses and CIDR ranges, as written. */
  readonly trustedProxies: readonly string[]
  readonly outcomeHeader: boolean
  readonly readyRequires: readonly Peer[]
  readonly logLevel: LogLevel
  /** Sentences for the log at start: allowed, but worth a look. */
  readonly warnings: readonly string[]
}

export interface Endpoint {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

export interface KeycloakConfig {
  /** As it stands in the tokens' `iss`. */
  readonly issuer: string
  readonly tokenEndpoint: URL
  readonly jwksUri: URL
  readonly discoveryUrl: URL
  readonly clientId: string
  readonly authentication: ClientAuthenticationConfig
  /** Sorted, without duplicates; empty: none was configured. */
  readonly audience: readonly string[]
  readonly exchangeTimeoutMs: number
  readonly tls: TlsMaterial
}

/** How the requester client proves who it is, with what that method needs. */
export type ClientAuthenticationConfig =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly secret: SecretSource
    }
  | {
      readonly method: 'private_key_jwt'
      /** Known to parse with the two wishes that follow. */
      readonly key: SecretSource
      readonly keyId: string | undefined
      readonly algorithm: SigningAlgorithm | undefined
    }
  | { readonly method: 'federated_jwt'; readonly assertionFile: string }

/** Where a secret or private key came from; one from a file can change while the process runs. */
export type SecretSource =
  | { readonly kind: 'value'; readonly secret: Secret }
  | { readonly kind: 'file'; readonly path: string; readonly secret: Secret }

type Peer = 'keycloak' | 'upstream'

type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
