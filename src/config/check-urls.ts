import { isLoopback, parseBaseUrl } from './base-url.ts'
import type { Mistakes } from './mistakes.ts'
import type { SettingValues } from './settings-schema.ts'
import { SETTINGS } from './settings-schema.ts'

export interface CheckedUrls {
  readonly upstream: URL
  /** Path without a trailing slash. */
  readonly keycloak: string
  /** Exactly as written: it is compared with the tokens' `iss`. */
  readonly issuer: string | undefined
}

/** Checks the URLs; in the place of a wrong one the result holds the setting's example. */
export function checkUrls(values: SettingValues, mistakes: Mistakes): CheckedUrls {
  const upstream = toUrl('UPSTREAM_URL', values.UPSTREAM_URL, mistakes)
  const keycloak = toUrl('KEYCLOAK_SERVER_URL', values.KEYCLOAK_SERVER_URL, mistakes)
  const issuer = values.KEYCLOAK_ISSUER
  if (issuer !== undefined) toUrl('KEYCLOAK_ISSUER', issuer, mistakes)
  if (/\/realms(\/|$)/.test(keycloak.pathname)) {
    mistakes.add(
      'KEYCLOAK_SERVER_URL',
      'must end before /realms: the realm stands in KEYCLOAK_REALM',
    )
  }
  const mayBeInsecure = values.ALLOW_INSECURE_KEYCLOAK || isLoopback(keycloak)
  const involved = ['KEYCLOAK_SERVER_URL', 'ALLOW_INSECURE_KEYCLOAK'] as const
  if (keycloak.protocol === 'http:' && !mayBeInsecure && !mistakes.has(...involved)) {
    mistakes.addOther({
      variable: 'KEYCLOAK_SERVER_URL',
      reason:
        'must be https, for the client secret and the tokens go there; ALLOW_INSECURE_KEYCLOAK=true permits plain http on a network that you trust',
      example: 'https://keycloak.example.com',
    })
  }
  return { upstream, keycloak: keycloak.href.replace(/\/+$/, ''), issuer }
}

type UrlSettingName = 'UPSTREAM_URL' | 'KEYCLOAK_SERVER_URL' | 'KEYCLOAK_ISSUER'

function toUrl(name: UrlSettingName, text: string, mistakes: Mistakes): URL {
  const parsed = parseBaseUrl(text)
  if (parsed.kind === 'url') return parsed.url
  mistakes.add(name, parsed.reason)
  return new URL(SETTINGS[name].example)
}
