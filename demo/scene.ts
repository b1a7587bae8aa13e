import { decodeJwt } from 'jose'
import type { AuditLine } from './audit-line.ts'
import type { Fields } from './authorization-server/json-fields.ts'
import { fieldsAt, isFields, textAt } from './authorization-server/json-fields.ts'
import type { Expectations } from './expectations.ts'
import type { HttpAnswer } from './http-call.ts'
import { callHttp } from './http-call.ts'
import { DemoError } from './sidecar.ts'
import type { Stage } from './stage.ts'
import { LOGIN_CLIENT } from './stage.ts'
import type { Terminal } from './terminal.ts'

/** What a flow plays on: the servers, the screen, and the list of what must hold. */
export interface Scene {
  readonly stage: Stage
  readonly terminal: Terminal
  readonly expect: Expectations['expect']
}

/** A user with an access token of the login client. */
export interface Caller {
  readonly name: string
  readonly token: string
}

export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly json?: unknown
  readonly onText?: (text: string) => void
}

/** An answer that came through Scopelift, with what Scopelift did for it. */
export interface Lifted {
  readonly answer: HttpAnswer
  readonly outcome: string
  readonly audit: AuditLine | undefined
  /** Exchanges that the authorization server was asked for meanwhile. */
  readonly exchanges: number
  /** The requests that reached Llama Stack, in order: whether with the caller's own token, and its answer. */
  readonly arrivals: readonly {
    readonly isOwnToken: boolean
    readonly status: number | undefined
  }[]
}

/** Logs in with the password grant and says what the token holds. */
export async function logIn({ stage, terminal }: Scene, name: string): Promise<Caller> {
  const form = new URLSearchParams({
    grant_type: 'password',
    client_id: LOGIN_CLIENT,
    username: name,
    password: name,
  })
  const url = stage.authorizationServer.tokenEndpoint
  const answer = await callHttp({ method: 'POST', url, form })
  const token = textAt(readFields(answer.body.toString('utf8')), 'access_token')
  if (token === undefined) throw new DemoError(`${name} could not log in: ${answer.status}`)
  const scopes = textAt(decodeJwt(token), 'scope')
  terminal.step('·', 'log in', `${name}, whose token holds: ${scopes || 'no scope'}`, 'cyan')
  return { name, token }
}

/** Asks Llama Stack itself, with the caller's own token. */
export function askDirectly({ stage }: Scene, caller: Caller, ask: Ask): Promise<HttpAnswer> {
  return callHttp({ ...ask, url: `${stage.llamaStack.url}${ask.path}`, token: caller.token })
}

/** Asks through Scopelift, with the same token, and looks at what happened behind it. */
export async function askThroughScopelift(
  { stage }: Scene,
  caller: Caller,
  ask: Ask,
): Promise<Lifted> {
  const { authorizationServer, llamaStack, scopelift } = stage
  const exchangesBefore = authorizationServer.exchanges
  const arrivedBefore = new Set(llamaStack.requests)
  scopelift.skipAudits()
  const url = `${scopelift.url}${ask.path}`
  const answer = await callHttp({ ...ask, url, token: caller.token })
  const outcome = answer.header('scopelift-outcome') ?? 'none'
  return {
    answer,
    outcome,
    // Scopelift writes no line about a request that was simply forwarded.
    audit: outcome === 'forwarded' ? undefined : await scopelift.nextAudit(),
    exchanges: authorizationServer.exchanges - exchangesBefore,
    arrivals: llamaStack.requests
      .filter((request) => !arrivedBefore.has(request))
      .map(({ bearer, status }) => ({ isOwnToken: bearer === caller.token, status })),
  }
}

/** What an answer says, in a line or two: the challenge or the message of a denial, else the beginning of its body. */
export function describeAnswer(answer: HttpAnswer): string {
  const challenge = answer.header('www-authenticate')
  if (challenge !== undefined) return `${answer.status} WWW-Authenticate: ${challenge}`
  const text = answer.body.toString('utf8')
  const message = errorMessage(text) ?? text
  return `${answer.status} ${message.length > 120 ? `${message.slice(0, 119)}…` : message}`
}

/** The JSON object in an answer; `{}` where there is none. */
export function readFields(text: string): Fields {
  try {
    const json: unknown = JSON.parse(text)
    return isFields(json) ? json : {}
  } catch {
    return {}
  }
}

function errorMessage(text: string): string | undefined {
  return textAt(fieldsAt(readFields(text), 'error'), 'message')
}
