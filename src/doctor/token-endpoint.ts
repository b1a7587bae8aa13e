import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import type { ClientAuthentication } from '../token-exchange/client-authentication.ts'
import { createExchangeForm } from '../token-exchange/exchange-request.ts'
import type { ExchangeAnswer } from '../token-exchange/exchange-response.ts'
import { parseExchangeResponse } from '../token-exchange/exchange-response.ts'
import { parseJsonAnswer } from '../token-exchange/json-answer.ts'
import type { Ask } from './ask.ts'

/** What the token endpoint said: as the proxy understands it, and in Keycloak's own words. */
export type TokenReply =
  | Answered
  | { readonly kind: 'none'; readonly reason: string }
  /** There is nothing to authenticate with. */
  | { readonly kind: 'no-credentials' }

export interface Answered {
  readonly kind: 'answered'
  readonly answer: ExchangeAnswer
  readonly status: number
  /** Empty where there is none. */
  readonly error: string
  readonly description: string
  /** By our clock, in milliseconds since the epoch. */
  readonly askedAtMs: number
  readonly answeredAtMs: number
}

export interface Exchange {
  readonly subjectToken: Secret
  readonly scopes: readonly string[]
  readonly audience: readonly string[]
}

export interface TokenEndpoint {
  exchange(wanted: Exchange): Promise<TokenReply>
  /** As our client. */
  clientCredentials(): Promise<TokenReply>
  /** As a public client, with a user's password. */
  logIn(login: Login): Promise<TokenReply>
}

export interface Login {
  readonly clientId: string
  readonly user: string
  readonly password: Secret
}

export interface TokenEndpointOptions {
  readonly url: URL
  readonly ask: Ask
  readonly authentication: ClientAuthentication
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** The realm's token endpoint, asked one thing at a time. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { url, ask, authentication, now } = options
  const post = async (
    form: URLSearchParams,
    headers: Readonly<Record<string, string>>,
  ): Promise<TokenReply> => {
    const askedAtMs = now()
    const reply = await ask({
      url,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: form.toString(),
    })
    if (reply.kind === 'none') return reply
    const { error, error_description: description } = parseJsonAnswer(reply) ?? {}
    return {
      kind: 'answered',
      answer: parseExchangeResponse(reply),
      status: reply.status,
      error: textOf(error),
      description: textOf(description),
      askedAtMs,
      answeredAtMs: now(),
    }
  }
  const postAsClient = async (form: URLSearchParams): Promise<TokenReply> => {
    const headers: Record<string, string> = {}
    const lack = await authentication(form, headers, undefined)
    return lack === undefined ? post(form, headers) : { kind: 'no-credentials' }
  }
  return {
    async exchange({ subjectToken, scopes, audience }) {
      const made = createExchangeForm({ subjectToken: subjectToken.expose(), scopes, audience })
      return made.kind === 'form' ? postAsClient(made.form) : { kind: 'none', reason: made.reason }
    },
    clientCredentials: () =>
      postAsClient(new URLSearchParams({ grant_type: 'client_credentials' })),
    logIn: ({ clientId, user, password }) =>
      post(
        new URLSearchParams({
          grant_type: 'password',
          client_id: clientId,
          username: user,
          password: password.expose(),
          scope: 'openid',
        }),
        {},
      ),
  }
}

/** Stands for a subject token: Keycloak looks at the client before it looks at this. */
export const NO_TOKEN = createSecret('x')

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
