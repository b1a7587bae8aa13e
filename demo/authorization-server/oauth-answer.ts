/** What an endpoint answers; the body is sent as JSON, none where it is `undefined`. */
export interface OAuthAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** An error as RFC 6749 §5.2 writes it and Keycloak words it. */
export function refuse(status: number, error: string, description: string): OAuthAnswer {
  return { status, body: { error, error_description: description } }
}
