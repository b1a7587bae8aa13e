import type { ExchangeResultLabel } from '../observability/exchange-result.ts'
import type { ScopeRules } from '../policy/route-policy.ts'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'
import type { TokenClaims } from '../subject-token.ts'
import { parseTokenClaims } from '../subject-token.ts'
import type { Budget } from './budget.ts'
import type { Conclusion } from './conclusion.ts'
import {
  concludeAnswer,
  concludeInvalidToken,
  concludeUnwantedExtra,
  concludeVerification,
  labelOf,
  refuse,
} from './conclusion.ts'
import type { ExchangeClient, ExchangeOutcome } from './exchange-client.ts'
import type { ExchangeForm } from './exchange-request.ts'
import { createExchangeForm } from './exchange-request.ts'
import type { IssuedAnswer } from './exchange-response.ts'
import { checkIssuedToken } from './issued-token-check.ts'
import type { ScopePlan } from './scope-plan.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** One exchange from the signature of the subject token to the verified issued token. */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<Conclusion>

export interface ExchangeOptions {
  readonly client: ExchangeClient
  readonly verifier: TokenVerifier
  readonly budget: Budget
  readonly plan: ScopePlan
  readonly issuer: string
  readonly scopeRules: ScopeRules
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly onExchange: (result: ExchangeResultLabel, ms: number) => void
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { client, verifier, budget, plan, monotonicNow } = options

  /** One scope that our client does not have refuses the whole set, so the held ones are left out then. */
  const ask = async (
    { request, sub, scopes, form }: Question,
    signal: AbortSignal,
  ): Promise<Asked> => {
    const first = await client.send(form, signal, request.requestId)
    if (first.kind !== 'invalid-scopes' || scopes.length === request.scopes.length) return first
    const made = makeForm(request, request.scopes)
    if (made.kind === 'refused') return made
    if (!budget.take(sub)) return { kind: 'refused', reason: 'budget' }
    const second = await client.send(made.form, signal, request.requestId)
    if (second.kind === 'issued') plan.noteHeldRefused(request)
    return second
  }

  const run = async (request: ExchangeRequest, signal: AbortSignal) => {
    const claims = request.subject.claims
    const verification = await verifier.verifySubject(request.subject, signal)
    if (verification.kind !== 'good') return concludeVerification(verification)
    if (claims?.sub === undefined) return refuse('subject-token-unusable', 'no-subject', undefined)
    const scopes = plan.choose(request)
    const made = makeForm(request, scopes)
    // What is never sent must cost the caller nothing.
    if (made.kind === 'refused') return refuse('exchange-refused', made.reason, undefined)
    if (!budget.take(claims.sub)) return refuse('exchange-refused', 'budget', undefined)
    const answer = await ask({ request, sub: claims.sub, scopes, form: made.form }, signal)
    // Else whoever tries again in an outage has no exchange left when it is over.
    if (answer.kind === 'unavailable' && answer.reason === 'circuit-open')
      budget.giveBack(claims.sub)
    return conclude(options, { request, subject: claims, answer, signal })
  }
  return async (request, signal) => {
    const startedMs = monotonicNow()
    const conclusion = await run(request, signal)
    options.onExchange(labelOf(conclusion), monotonicNow() - startedMs)
    return conclusion
  }
}

interface Question {
  readonly request: ExchangeRequest
  readonly sub: string
  /** Those needed, and the held ones beside them. */
  readonly scopes: readonly string[]
  readonly form: URLSearchParams
}

type Asked = ExchangeOutcome | { readonly kind: 'refused'; readonly reason: string }

function makeForm({ subject, audience }: ExchangeRequest, scopes: readonly string[]): ExchangeForm {
  return createExchangeForm({ subjectToken: subject.token.expose(), scopes, audience })
}

interface Answered<A extends Asked> {
  readonly request: ExchangeRequest
  readonly subject: TokenClaims
  readonly answer: A
  readonly signal: AbortSignal
}

async function conclude(options: ExchangeOptions, answered: Answered<Asked>): Promise<Conclusion> {
  const { answer } = answered
  if (answer.kind === 'issued') return verifyIssued(options, { ...answered, answer })
  if (answer.kind === 'refused') return refuse('exchange-refused', answer.reason, undefined)
  return concludeAnswer(answer)
}

/** Keycloak's word is not taken for what the token is: it is verified whole, as its recipient would. */
async function verifyIssued(
  options: ExchangeOptions,
  { request, subject, answer, signal }: Answered<IssuedAnswer>,
): Promise<Conclusion> {
  const token = answer.accessToken.expose()
  const verification = await options.verifier.verifyIssued(token, signal)
  const claims = parseTokenClaims(token)
  if (verification.kind === 'unavailable' || verification.kind === 'realm-not-found') {
    return concludeVerification(verification)
  }
  if (verification.kind === 'unknown-key') return concludeInvalidToken('signature', undefined)
  if (verification.kind !== 'good' || claims === undefined) {
    return concludeInvalidToken('signature', 'request')
  }
  const { issuer, scopeRules } = options
  const nowMs = options.now()
  const facts = { claims, answerScopes: answer.scopes, request, subject, issuer, scopeRules, nowMs }
  const verdict = checkIssuedToken(facts)
  switch (verdict.kind) {
    case 'invalid':
      return concludeInvalidToken(verdict.claim, 'request')
    case 'refused':
      return concludeUnwantedExtra(verdict.reason)
    case 'scope-not-granted':
      return refuse('scope-not-granted', 'scope-not-granted', 'request')
    case 'accepted': {
      const { scopes, expiresAt, jti, sid } = verdict
      const issued = { accessToken: answer.accessToken, scopes, expiresAt, jti, sid }
      return { kind: 'issued', token: issued, expiresInMs: readLifetimeMs(claims, answer, nowMs) }
    }
  }
}

/** From `exp` - `iat` where there is an `iat`: two of Keycloak's own times, so that our clock does not matter. */
function readLifetimeMs(claims: TokenClaims, answer: IssuedAnswer, nowMs: number): number {
  const { iat } = claims.payload
  const exp = claims.exp ?? 0
  const ownLifetimeS = exp - (typeof iat === 'number' ? iat : nowMs / 1000)
  return Math.min(answer.expiresInS ?? ownLifetimeS, ownLifetimeS) * 1000
}
