/** Fields that speak of this connection alone (RFC 9110 §7.6.1), and credentials that are for a proxy. */
export const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/**
 * A Connection line may nominate what it likes, but not these: they are for all recipients, and without them the
 * other side would judge another message than the one that was sent.
 */
const NEVER_NOMINATED = new Set([
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'www-authenticate',
])

/** Adds the names that one Connection line nominates; no set is made for the common `keep-alive` and `close`. */
export function addNominated(
  connection: string,
  names: Set<string> | undefined,
): Set<string> | undefined {
  const value = connection.toLowerCase()
  if (value === 'keep-alive' || value === 'close') return names
  const nominated = names ?? new Set<string>()
  for (const option of value.split(',')) {
    const name = option.trim()
    if (name !== '' && !NEVER_NOMINATED.has(name)) nominated.add(name)
  }
  return nominated
}

/** The lines less the nominated ones. */
export function withoutNominated(lines: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < lines.length; i += 2) {
    const field = lines[i] ?? ''
    if (!names.has(field.toLowerCase())) kept.push(field, lines[i + 1] ?? '')
  }
  return kept
}
