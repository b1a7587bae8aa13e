/** A JSON object whose fields have not been looked at yet. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldsAt(from: Fields, name: string): Fields {
  const value = from[name]
  return isFields(value) ? value : {}
}

export function listAt(from: Fields, name: string): readonly Fields[] {
  const value = from[name]
  return Array.isArray(value) ? value.filter(isFields) : []
}

export function textAt(from: Fields, name: string): string | undefined {
  const value = from[name]
  return typeof value === 'string' ? value : undefined
}

export function textsAt(from: Fields, name: string): readonly string[] | undefined {
  const value = from[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}

export function numberAt(from: Fields, name: string): number | undefined {
  const value = from[name]
  return typeof value === 'number' ? value : undefined
}

/** Keycloak writes flags as booleans in some places and as the words "true" and "false" in others. */
export function flagAt(from: Fields, name: string, fallback: boolean): boolean {
  const value = from[name]
  if (typeof value === 'boolean') return value
  return typeof value === 'string' ? value === 'true' : fallback
}
