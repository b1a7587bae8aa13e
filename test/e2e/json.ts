/** The value under a path of keys, or `undefined` where there is none. */
export function dig(value: unknown, ...keys: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Reflect.get(at, key)
  }
  return at
}

/** The string there; anything else is a mistake of whoever sent it. */
export function digText(value: unknown, ...keys: readonly (string | number)[]): string {
  const found = dig(value, ...keys)
  if (typeof found !== 'string') throw new Error(`no text at ${keys.join('.')}`)
  return found
}
