/** A bracket, or a string with the colon that makes it a member's name. */
const TOKEN = /[{}[\]]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g

/**
 * Whether an object anywhere in a valid JSON text has the same name twice (RFC 8259 §4), however it is escaped.
 * Linear: in valid JSON every string ends, so no match is taken back.
 */
export function hasRepeatedName(json: string): boolean {
  const open: Set<unknown>[] = []
  for (const [token, string, colon] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(new Set())
    } else if (string === undefined) {
      open.pop()
    } else if (colon !== undefined) {
      const name: unknown = JSON.parse(string)
      const names = open.at(-1)
      if (names?.has(name)) return true
      names?.add(name)
    }
  }
  return false
}
