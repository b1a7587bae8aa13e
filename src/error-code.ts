/**
 * An error in a word: its `code` as Node, OpenSSL and undici give it, e.g. `ECONNREFUSED`, else its name. Never its message,
 * which could hold anything.
 */
export function readErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
