import { parseLiteral } from '../config/parse-literal.ts'
import { SETTINGS } from '../config/settings-schema.ts'

/**
 * Where this machine's own process can be asked for its health; `undefined` if ADMIN_HOST and ADMIN_PORT do not say it.
 * Reads no more than these two: a health check must be fast, and needs no secret.
 */
export function findAdminUrl(variables: ReadonlyMap<string, string>): URL | undefined {
  const host = variables.get('ADMIN_HOST')?.trim() ?? SETTINGS.ADMIN_HOST.default
  const text = variables.get('ADMIN_PORT') ?? String(SETTINGS.ADMIN_PORT.default)
  const port = parseLiteral(SETTINGS.ADMIN_PORT, text)
  // Port 0 is a free one that only the process itself knows.
  if (port === undefined || port === 0) return undefined
  const url = `http://${toUrlHost(host)}:${port}`
  return URL.canParse(url) ? new URL(url) : undefined
}

function toUrlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
