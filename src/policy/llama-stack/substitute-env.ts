/** What becomes of a text of OGX's configuration; OGX turns what it has substituted into the type it looks like. */
export type Substitution =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'none' }
  /** A number or a boolean: OGX refuses it where a text must stand. */
  | { readonly kind: 'no-text' }
  /** `name` is not set here, or its value begins with `~`, which means OGX's home and not ours. */
  | { readonly kind: 'unresolved'; readonly name: string }

export type Environment = Readonly<Record<string, string | undefined>>

const REFERENCE = /\$\{env\.([A-Z0-9_]+)(?::([=+])([^}]*))?\}/g
/** What Python's `int()` or `float()` takes. */
const NUMBER =
  /^\s*[+-]?(?:(?:\p{Nd}(?:_?\p{Nd})*(?:\.(?:\p{Nd}(?:_?\p{Nd})*)?)?|\.\p{Nd}(?:_?\p{Nd})*)(?:e[+-]?\p{Nd}(?:_?\p{Nd})*)?|inf(?:inity)?|nan)\s*$/iu

/** `${env.NAME}`, `${env.NAME:=default}` and `${env.NAME:+value}` as `ogx.core.stack.replace_env_vars` (1.5.0) does it. */
export function substituteEnv(text: string, env: Environment): Substitution {
  let unresolved: string | undefined
  const result = text.replace(
    REFERENCE,
    (_reference, name: string, operator: string | undefined, argument: string | undefined) => {
      const value = resolve(env[name], operator, argument ?? '')
      if (value === undefined || value.startsWith('~')) unresolved ??= name
      return value ?? ''
    },
  )
  if (unresolved !== undefined) return { kind: 'unresolved', name: unresolved }
  if (result === text) return { kind: 'text', text }
  return typedByLooks(result)
}

/** An empty variable counts as one that is not set. */
function resolve(
  set: string | undefined,
  operator: string | undefined,
  argument: string,
): string | undefined {
  const value = set === '' ? undefined : set
  switch (operator) {
    case '=':
      return value ?? argument
    case '+':
      return value === undefined ? '' : argument
    default:
      return value
  }
}

function typedByLooks(text: string): Substitution {
  if (text === '') return { kind: 'none' }
  const isBoolean = /^(?:true|false)$/i.test(text)
  return isBoolean || NUMBER.test(text) ? { kind: 'no-text' } : { kind: 'text', text }
}
