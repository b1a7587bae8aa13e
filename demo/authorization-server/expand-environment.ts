/** Where the values of `${NAME}` come from. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces `${NAME}` and `${NAME:default}` in every string of a JSON value, as Keycloak does when it imports a realm.
 * A name without a value and without a default stays as it is written.
 */
export function expandEnvironment(value: unknown, env: Environment): unknown {
  if (typeof value === 'string') return expandText(value, env)
  if (Array.isArray(value)) return value.map((item) => expandEnvironment(item, env))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, expandEnvironment(item, env)]),
  )
}

function expandText(text: string, env: Environment): string {
  return text.replaceAll(
    /\$\{([A-Za-z_][A-Za-z0-9_.]*)(?::([^}]*))?\}/g,
    (whole: string, name: string, fallback: string | undefined) => env[name] ?? fallback ?? whole,
  )
}
