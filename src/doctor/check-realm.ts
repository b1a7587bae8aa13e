import { isJsonObject } from '../json-object.ts'
import { parseJsonAnswer } from '../token-exchange/json-answer.ts'
import type { Ask, Reply } from './ask.ts'
import { judgeConnection } from './connection-failure.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { AddFinding } from './report.ts'

export interface Realm {
  /** What the realm lists; `undefined` where it lists none. Scopes of the realm, not of our client. */
  readonly scopes: ReadonlySet<string> | undefined
}

export interface CheckRealmOptions {
  readonly discoveryUrl: URL
  readonly jwksUri: URL
  /** KEYCLOAK_ISSUER. */
  readonly issuer: string
  /** KEYCLOAK_TLS_CERT_FILE. */
  readonly hasCertificate: boolean
  readonly ask: Ask
  readonly add: AddFinding
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCEPT_JSON = { accept: 'application/json' }

/** Discovery and key set. `undefined`: it makes no sense to ask this Keycloak anything else. */
export async function checkRealm(options: CheckRealmOptions): Promise<Realm | undefined> {
  const { discoveryUrl: url, ask, add } = options
  const reply = await ask({ url, method: 'GET', headers: ACCEPT_JSON })
  const document = readDiscovery(reply, options)
  if (document === undefined) return undefined
  const { issuer, grant_types_supported: grantTypes, scopes_supported: scopes } = document
  const isIssuer = issuer === options.issuer
  if (!isIssuer) add(finding('issuer-mismatch', { found: String(issuer), wanted: options.issuer }))
  const offersExchange = !Array.isArray(grantTypes) || grantTypes.includes(GRANT_TYPE)
  if (!offersExchange) add(finding('exchange-feature-off', { origin: url.origin }))
  if (isIssuer && offersExchange)
    add(finding('realm-found', { origin: url.origin, issuer: options.issuer }))
  await checkKeys(options)
  return { scopes: Array.isArray(scopes) ? new Set(scopes.map(String)) : undefined }
}

function readDiscovery(
  reply: Reply,
  { discoveryUrl: { origin, href: url }, hasCertificate, add }: CheckRealmOptions,
): Readonly<Record<string, unknown>> | undefined {
  if (reply.kind === 'none') {
    add(judgeUnreachable(reply.reason, { origin, hasCertificate }))
    return undefined
  }
  const status = String(reply.status)
  const document = parseJsonAnswer(reply)
  if (reply.status >= 500 || reply.status === 429)
    add(finding('keycloak-starting', { origin, status }))
  else if (reply.status === 403 && document?.['error_description'] === 'HTTPS required') {
    add(finding('keycloak-wants-https', { origin }))
  } else if (reply.status === 404) add(finding('realm-not-found', { url }))
  else if (reply.status === 200 && typeof document?.['issuer'] === 'string') return document
  else add(finding('not-keycloak', { url, status }))
  return undefined
}

export function judgeUnreachable(
  reason: string,
  { origin, hasCertificate }: { readonly origin: string; readonly hasCertificate: boolean },
): Finding {
  switch (judgeConnection(reason)) {
    case 'certificate-untrusted':
      return finding('keycloak-certificate-untrusted', { origin, reason })
    case 'certificate-invalid':
      return finding('keycloak-certificate-invalid', { origin, reason })
    case 'without-tls':
      return finding('keycloak-without-tls', { origin })
    case 'with-tls':
      return finding('keycloak-with-tls', { origin })
    case 'wants-client-certificate':
      if (hasCertificate) return finding('keycloak-refuses-client-certificate', { origin, reason })
      return finding('keycloak-wants-client-certificate', { origin, reason })
    case 'unreachable':
      return finding('keycloak-unreachable', { origin, reason })
  }
}

async function checkKeys({ jwksUri: url, ask, add }: CheckRealmOptions): Promise<void> {
  const reply = await ask({ url, method: 'GET', headers: ACCEPT_JSON })
  const keys = reply.kind === 'received' ? parseJsonAnswer(reply)?.['keys'] : undefined
  const count = Array.isArray(keys) ? keys.filter(isSigningKey).length : 0
  const reason = reply.kind === 'none' ? reply.reason : `status ${reply.status}`
  if (count > 0) add(finding('keys-found', { count: String(count) }))
  else add(finding('keys-unavailable', { url: url.href, reason }))
}

/** RFC 7517 §4.2. */
function isSigningKey(key: unknown): boolean {
  return isJsonObject(key) && key['use'] !== 'enc'
}
