import type { Dispatcher } from 'undici'
import type { CircuitBreaker, Liveness } from './circuit-breaker.ts'
import { OPEN } from './circuit-breaker.ts'
import type { ClientAuthentication } from './client-authentication.ts'
import type { ClientFault } from './client-fault.ts'
import type { ExchangeAnswer } from './exchange-response.ts'
import { parseExchangeResponse } from './exchange-response.ts'
import type { NoAnswer } from './keycloak-request.ts'
import { DEADLINE, requestKeycloak } from './keycloak-request.ts'
import { ABORTED, untilAborted } from './until-aborted.ts'

export type ExchangeOutcome =
  | ExchangeAnswer
  | { readonly kind: 'unavailable'; readonly reason: NoAnswer | 'circuit-open' }

type UnavailableReason = Extract<ExchangeOutcome, { kind: 'unavailable' }>['reason']

export interface ExchangeClient {
  /**
   * Sends the form with the client's credentials. The signal bounds the whole call; never rejects for what Keycloak does.
   * `requestId`: of the caller's request, for an assertion.
   */
  send(
    form: URLSearchParams,
    signal: AbortSignal,
    requestId?: string | undefined,
  ): Promise<ExchangeOutcome>
  /** The secret was read anew: a refusal of the old one means nothing any more. */
  noteNewSecret(): void
}

export interface ExchangeClientOptions {
  readonly tokenEndpoint: URL
  readonly dispatcher: Dispatcher
  readonly authentication: ClientAuthentication
  /** Reads the secret, key or assertion again; whether it changed. Settles by itself in bounded time. */
  readonly refreshSecret: () => Promise<boolean>
  readonly breaker: CircuitBreaker
}

/** The requester client's side of RFC 8693: a new secret or key kills the old at once, so a refused one is read again, once. */
export function createExchangeClient(options: ExchangeClientOptions): ExchangeClient {
  let secretGeneration = 0
  let refreshing: Promise<void> | undefined

  const refresh = async () => {
    if (await options.refreshSecret().catch(() => false)) secretGeneration += 1
    refreshing = undefined
  }
  /** Whether the secret is another than when that generation was sent, be it found by us or by the file's watcher. */
  const hasNewSecret = async (sent: number, signal: AbortSignal) => {
    if (secretGeneration !== sent) return true
    refreshing ??= refresh()
    return (await untilAborted(refreshing, signal)) !== ABORTED && secretGeneration !== sent
  }

  return {
    async send(form, signal, requestId) {
      const sent = secretGeneration
      const outcome = await sendOnce(options, form, signal, requestId)
      if (!isClientRefused(outcome) || !(await hasNewSecret(sent, signal))) return outcome
      return sendOnce(options, form, signal, requestId)
    },
    noteNewSecret() {
      secretGeneration += 1
    },
  }
}

async function sendOnce(
  { tokenEndpoint, dispatcher, authentication, breaker }: ExchangeClientOptions,
  form: URLSearchParams,
  signal: AbortSignal,
  requestId: string | undefined,
): Promise<ExchangeOutcome> {
  const credentialled = new URLSearchParams(form)
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const authenticated = Promise.resolve(authentication(credentialled, headers, requestId))
  const lack = await untilAborted(authenticated, signal)
  if (lack === ABORTED) {
    return { kind: 'unavailable', reason: signal.reason === DEADLINE ? 'timeout' : 'abandoned' }
  }
  if (lack !== undefined) return { kind: 'misconfigured', fault: lack }
  const body = credentialled.toString()
  const call = async (): Promise<ExchangeOutcome> => {
    const request = { url: tokenEndpoint, method: 'POST', headers, body, signal } as const
    const answer = await requestKeycloak(dispatcher, request)
    return answer.kind === 'received'
      ? parseExchangeResponse(answer)
      : { kind: 'unavailable', reason: answer.reason }
  }
  const outcome = await breaker.run(call, judgeLiveness)
  return outcome === OPEN ? { kind: 'unavailable', reason: 'circuit-open' } : outcome
}

/** 401, or 400 `invalid_client`: what Keycloak answers to an assertion that another key should have signed. */
function isClientRefused(outcome: ExchangeOutcome): boolean {
  return outcome.kind === 'misconfigured' && CLIENT_REFUSED.has(outcome.fault)
}

const CLIENT_REFUSED: ReadonlySet<ClientFault> = new Set([
  'client-secret',
  'client-unknown',
  'client-authentication',
])

/** A 4xx, whatever it says, comes from something that lives. */
function judgeLiveness(outcome: ExchangeOutcome): Liveness {
  return outcome.kind === 'unavailable' ? judgeReason(outcome.reason) : 'alive'
}

function judgeReason(reason: UnavailableReason): Liveness {
  switch (reason) {
    case 'abandoned':
    case 'circuit-open':
      return 'unknown'
    case 'too-many-requests':
    case 'unreadable-refusal':
      return 'alive'
    case 'timeout':
    case 'connection-error':
    case 'answer-too-large':
    case 'server-error':
    case 'unreadable-answer':
      return 'down'
  }
}
