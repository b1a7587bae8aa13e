import { isJsonObject } from '../json-object.ts'
import { parseJsonAnswer } from '../token-exchange/json-answer.ts'
import type { DiscoveredRealm } from '../token-exchange/read-discovery.ts'
import { readDiscovery } from '../token-exchange/read-discovery.ts'
import type { Ask } from './ask.ts'
import { judgeConnection } from './connection-failure.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { AddFinding } from './report.ts'

export type Realm = Extract<DiscoveredRealm, { kind: 'realm' }>

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

const ACCEPT_JSON = { accept: 'application/json' }

/** Discovery and key set. `undefined`: it makes no sense to ask this Keycloak anything else. */
export async function checkRealm(options: CheckRealmOptions): Promise<Realm | undefined> {
  const { discoveryUrl: url, ask, add } = options
  const reply = await ask({ url, method: 'GET', headers: ACCEPT_JSON })
  if (reply.kind === 'none') {
    const { hasCertificate } = options
    add(judgeUnreachable(reply.reason, { origin: url.origin, hasCertificate }))
    return undefined
  }
  const found = readDiscovery(reply)
  if (found.kind === 'realm') {
    reportRealm(found, options)
    await checkKeys(options)
    return found
  }
  add(judgeNoRealm(found.kind, url, String(reply.status)))
  return undefined
}

function reportRealm(
  { issuer, offersExchange }: Realm,
  { discoveryUrl: { origin }, issuer: wanted, add }: CheckRealmOptions,
): void {
  if (issuer !== wanted) add(finding('issuer-mismatch', { found: issuer, wanted }))
  if (!offersExchange) add(finding('exchange-feature-off', { origin }))
  if (issuer === wanted && offersExchange) add(finding('realm-found', { origin, issuer }))
}

function judgeNoRealm(
  kind: Exclude<DiscoveredRealm['kind'], 'realm'>,
  { origin, href: url }: URL,
  status: string,
): Finding {
  switch (kind) {
    case 'not-ready':
      return finding('keycloak-starting', { origin, status })
    case 'wants-https':
      return finding('keycloak-wants-https', { origin })
    case 'no-realm':
      return finding('realm-not-found', { url })
    case 'not-keycloak':
      return finding('not-keycloak', { url, status })
  }
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
