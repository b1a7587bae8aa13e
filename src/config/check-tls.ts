import { createSecret } from '../secret.ts'
import type { CheckedUrls } from './check-urls.ts'
import { knowsExtraAuthorities } from './default-authorities.ts'
import { describeUnreadable } from './describe-unreadable.ts'
import { MAX_PEM_BYTES } from './file-bounds.ts'
import type { Mistakes } from './mistakes.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import type { SettingValues } from './settings-schema.ts'
import { isSettingName } from './settings-schema.ts'
import type { PemFile, TlsMaterial } from './tls-material.ts'
import { findExpiry, findTlsMistake } from './tls-material.ts'

export interface CheckTlsOptions {
  readonly values: SettingValues
  readonly urls: CheckedUrls
  readonly readFile: ReadFile
  readonly mistakes: Mistakes
  /** NODE_EXTRA_CA_CERTS of the process, which Node reads at its start. */
  readonly extraAuthorities: string | undefined
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

export interface CheckedTls {
  /** Where there was a mistake, what is wrong is left out. */
  readonly keycloak: TlsMaterial
  readonly upstream: TlsMaterial
  readonly warnings: readonly string[]
}

/** Reads the certificates and keys that settings name, and checks that they can be used. */
export function checkTls(options: CheckTlsOptions): CheckedTls {
  const { urls, nowMs } = options
  const keycloak = readMaterial(options, KEYCLOAK)
  const upstream = readMaterial(options, UPSTREAM)
  return {
    keycloak,
    upstream,
    warnings: [
      ...[keycloak, upstream].flatMap((material) => findExpiry(material, nowMs) ?? []),
      ...warnOfLostAuthorities(options),
      ...warnOfPlainHttp(options, KEYCLOAK, urls.keycloak),
      ...warnOfPlainHttp(options, UPSTREAM, urls.upstream.href),
    ],
  }
}

type PemName =
  | 'CA_FILE'
  | 'KEYCLOAK_CA_FILE'
  | 'UPSTREAM_CA_FILE'
  | 'KEYCLOAK_TLS_CERT_FILE'
  | 'KEYCLOAK_TLS_KEY_FILE'
  | 'UPSTREAM_TLS_CERT_FILE'
  | 'UPSTREAM_TLS_KEY_FILE'

interface Names {
  readonly url: 'KEYCLOAK_SERVER_URL' | 'UPSTREAM_URL'
  readonly authorities: readonly PemName[]
  readonly cert: PemName
  readonly key: PemName
}

const KEYCLOAK: Names = {
  url: 'KEYCLOAK_SERVER_URL',
  authorities: ['CA_FILE', 'KEYCLOAK_CA_FILE'],
  cert: 'KEYCLOAK_TLS_CERT_FILE',
  key: 'KEYCLOAK_TLS_KEY_FILE',
}
const UPSTREAM: Names = {
  url: 'UPSTREAM_URL',
  authorities: ['CA_FILE', 'UPSTREAM_CA_FILE'],
  cert: 'UPSTREAM_TLS_CERT_FILE',
  key: 'UPSTREAM_TLS_KEY_FILE',
}

function readMaterial(options: CheckTlsOptions, names: Names): TlsMaterial {
  const authorities = names.authorities.flatMap((name) => {
    const file = readPem(options, name)
    if (file === undefined) return []
    return isGood(options, { authorities: [file], identity: undefined }) ? [file] : []
  })
  const cert = readPem(options, names.cert)
  const key = readPem(options, names.key)
  if (cert === undefined || key === undefined) {
    checkHalf(options, names.cert, names.key)
    checkHalf(options, names.key, names.cert)
    return { authorities, identity: undefined }
  }
  const identity = { cert, key }
  const isUsable = isGood(options, { authorities: [], identity })
  return { authorities, identity: isUsable ? identity : undefined }
}

function readPem(
  { values, readFile, mistakes }: CheckTlsOptions,
  name: PemName,
): PemFile | undefined {
  const path = values[name]
  if (path === undefined) return undefined
  const file = readText(readFile, path, MAX_PEM_BYTES)
  if (file.kind === 'text') return { variable: name, path, text: createSecret(file.text) }
  mistakes.add(name, `names a file that ${describeUnreadable(file)}`)
  return undefined
}

function isGood({ mistakes }: CheckTlsOptions, material: TlsMaterial): boolean {
  const mistake = findTlsMistake(material)
  if (mistake === undefined) return true
  if (isSettingName(mistake.variable)) mistakes.add(mistake.variable, mistake.reason)
  return false
}

function checkHalf({ values, mistakes }: CheckTlsOptions, one: PemName, other: PemName): void {
  if (values[one] !== undefined && values[other] === undefined) {
    mistakes.add(one, `is set without ${other}: certificate and key go together`)
  }
}

function warnOfPlainHttp(
  { values }: CheckTlsOptions,
  { url, cert }: Names,
  href: string,
): readonly string[] {
  if (values[cert] === undefined || href.startsWith('https:')) return []
  return [`${cert} is not used: ${url} is plain http`]
}

/** Where Node cannot tell whom it trusts, our list holds the public authorities and those of the files alone. */
function warnOfLostAuthorities({ values, extraAuthorities }: CheckTlsOptions): readonly string[] {
  const names = (['CA_FILE', 'KEYCLOAK_CA_FILE', 'UPSTREAM_CA_FILE'] as const).filter(
    (name) => values[name] !== undefined,
  )
  if ((extraAuthorities ?? '') === '' || names.length === 0 || knowsExtraAuthorities()) return []
  return [
    `NODE_EXTRA_CA_CERTS is not used beside ${names.join(' and ')}: put its certificates in there too, or run Node 22.15 or newer`,
  ]
}
