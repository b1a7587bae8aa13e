import { isLoopback } from './base-url.ts'
import type { CheckedUrls } from './check-urls.ts'
import type { SettingValues } from './settings-schema.ts'

/** A sentence for each setting that is allowed, and that an operator may not have meant. */
export function warnOfSettings(
  values: SettingValues,
  { upstream }: CheckedUrls,
): readonly string[] {
  const warnings: string[] = []
  const everything = values.ALLOWED_SCOPES.find((pattern) => /^\*+$/.test(pattern))
  if (everything !== undefined) {
    warnings.push(
      `ALLOWED_SCOPES holds \`${everything}\`: every scope that an upstream names may be asked for`,
    )
  }
  if (values.KEYCLOAK_AUDIENCE.length === 0) {
    warnings.push(
      'KEYCLOAK_AUDIENCE is not set: issued tokens are not confined to this upstream, so scopes that it names are acted on only if they open no new audience',
    )
  }
  if (upstream.protocol === 'http:' && !isNear(upstream)) {
    warnings.push(
      'UPSTREAM_URL is plain http to a host elsewhere: tokens, the issued ones too, go there in the clear',
    )
  }
  const everybody = values.TRUSTED_PROXIES.find((range) => /\/0+$/.test(range))
  if (everybody !== undefined) {
    warnings.push(
      `TRUSTED_PROXIES holds \`${everybody}\`: every caller can say what address it comes from`,
    )
  }
  return [...warnings, ...warnOfCommas(values)]
}

/** A comma is a character of a name (RFC 6749 §3.3), and mostly a slip. */
function warnOfCommas(values: SettingValues): readonly string[] {
  return (['ALLOWED_SCOPES', 'DENIED_SCOPES', 'KEYCLOAK_AUDIENCE'] as const)
    .filter((variable) => values[variable].some((name) => name.includes(',')))
    .map(
      (variable) =>
        `${variable} holds a comma, which is part of a name: names are separated by spaces`,
    )
}

/**
 * This machine, or its neighbours in a compose file or a cluster, whose network is private: a name without a dot, one
 * of a Kubernetes Service, and `.internal`, which is kept for such networks. Of an address nobody can tell.
 */
function isNear(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '')
  return isLoopback(url) || /^[^.:]+$|\.(?:svc|svc\.cluster\.local|internal)$/.test(host)
}
