/** One request as the log keeps it; secrets, passwords and tokens are not in it. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  /** Form parameters in the order they were sent; what must stay secret reads `[secret]`. */
  readonly form: readonly (readonly [name: string, value: string])[]
  /** How the client authenticated. */
  readonly authentication: 'basic' | 'post' | 'none'
}

export interface RequestLog {
  readonly entries: readonly LoggedRequest[]
  add(request: {
    readonly method: string
    readonly path: string
    readonly authorization: string | undefined
    readonly form: URLSearchParams
  }): void
}

const SECRET_PARAMETERS = [
  'client_secret',
  'client_assertion',
  'password',
  'subject_token',
  'actor_token',
  'refresh_token',
]

/** Keeps the last `maxEntries` requests. */
export function createRequestLog(maxEntries: number): RequestLog {
  const entries: LoggedRequest[] = []
  return {
    entries,
    add({ method, path, authorization, form }) {
      if (entries.length >= maxEntries) entries.shift()
      entries.push({
        method,
        path,
        form: [...form].map(([name, value]) => [
          name,
          SECRET_PARAMETERS.includes(name) ? '[secret]' : value,
        ]),
        authentication: howAuthenticated(authorization, form),
      })
    },
  }
}

function howAuthenticated(
  authorization: string | undefined,
  form: URLSearchParams,
): LoggedRequest['authentication'] {
  if (form.has('client_secret')) return 'post'
  return authorization === undefined ? 'none' : 'basic'
}
