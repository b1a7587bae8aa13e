import type { Dispatcher } from 'undici'
import type { CircuitBreaker, Liveness } from './circuit-breaker.ts'
import { OPEN } from './circuit-breaker.ts'
import type { ClientAuthentication } from './client-authentication.ts'
import type { ExchangeAnswer } from './exchange-response.ts'
import { parseExchangeResponse } from './exchange-response.ts'
import type { NoAnswer } from './keycloak-request.ts'
import { requestKeycloak } from './keycloak-request.ts'
import { ABORTED, untilAborted } from './until-aborted.ts'

export type ExchangeOutcome =
  | ExchangeAnswer
  | { readonly kind: 'unavailable'; readonly reason: NoAnswer | 'circuit-open' }

type UnavailableReason = Extract<ExchangeOutcome, { kind: 'unavailable' }>['reason']

export interface ExchangeClient {
  /** Sends the form with the client's credentials. The signal bounds the whole call; never rejects for what Keycloak does. */
  send(form: URLSearchParams, signal: AbortSignal): Promise<ExchangeOutcome>
  /** The secret was read anew: a 401 to the old one means nothing any more. */
  noteNewSecret(): void
}

export interface ExchangeClientOptions {
  readonly tokenEndpoint: URL
  readonly dispatcher: Dispatcher
  readonly authentication: ClientAuthentication
  /** Reads the secret again; whether it changed. Settles by itself in bounded time. */
  readonly refreshSecret: () => Promise<boolean>
  readonly breaker: CircuitBreaker
}

/** The requester client's side of RFC 8693: a regenerated secret kills the old at once, so a 401 reads it again, once. */
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
    async send(form, signal) {
      const sent = secretGeneration
      const outcome = await sendOnce(options, form, signal)
      if (!isUnauthorized(outcome) || !(await hasNewSecret(sent, signal))) return outcome
      return sendOnce(options, form, signal)
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
): Promise<ExchangeOutcome> {
  const credentialled = new URLSearchParams(form)
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  await authentication(credentialled, headers)
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

function isUnauthorized(outcome: ExchangeOutcome): boolean {
  if (outcome.kind !== 'misconfigured') return false
  return outcome.fault === 'client-secret' || outcome.fault === 'client-unknown'
}

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
