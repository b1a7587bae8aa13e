/** `route`: as Llama Stack since 0.5 refuses, naming the route and no scope. `rfc6750`: with a challenge that names the scope. */
export type RefusalStyle = 'route' | 'rfc6750'

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly message: string
}

/** OGX 1.5 sends no `WWW-Authenticate`; the scope that is missing stands in its configuration alone. */
export function refuseRoute(path: string): Refusal {
  return {
    status: 403,
    headers: {},
    message: `Access denied: insufficient permissions for route ${path}`,
  }
}

/** RFC 6750 §3.1. */
export function refuseScope(scope: string): Refusal {
  const challenge = `Bearer realm="llama-stack", error="insufficient_scope", scope="${scope}"`
  return {
    status: 403,
    headers: { 'WWW-Authenticate': challenge },
    message: 'The access token does not have the scope that this request needs',
  }
}
