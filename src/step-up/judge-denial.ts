import { Readable } from 'node:stream'
import type { Hint } from '../denial/hint.ts'
import { isTokenRefusal } from '../denial/token-refusal.ts'
import type { IssuedToken } from '../issued-token.ts'
import type { Outcome } from '../observability/outcome.ts'
import type { Decision, Wanted } from '../policy/decide.ts'
import { decideStepUp } from '../policy/decide.ts'
import type { HeldDenial } from './held-denial.ts'
import type { Credential, Failure, StepUp } from './step-up.ts'

type FailedCredential = Extract<Credential, { kind: 'own-after-failure' }>

/** What a denial becomes. */
export type Verdict =
  | Release
  /** The pre-emption has failed already for what this denial asks: that failure is the answer. */
  | { readonly kind: 'fail'; readonly failure: Failure; readonly wanted: Wanted }
  | { readonly kind: 'exchange'; readonly wanted: Wanted }
  /** The upstream refused the issued token itself: it is replaced. */
  | { readonly kind: 'reissue'; readonly wanted: Wanted; readonly refused: IssuedToken }

/** The denial is the caller's answer. */
export interface Release {
  readonly kind: 'release'
  readonly outcome: Outcome
  readonly reason: string
  readonly scopes: readonly string[]
}

/** The order is that of the outcomes in the documentation: the first that applies. */
export function judgeDenial(
  stepUp: StepUp,
  credential: Credential,
  denial: HeldDenial,
  hint: Hint,
): Verdict {
  if (
    credential.kind === 'issued' &&
    isSendableTwice(stepUp) &&
    isTokenRefusal(denial.status, denial.headers, denial.body())
  ) {
    return { kind: 'reissue', wanted: credential.wanted, refused: credential.token }
  }
  const asked = askedWith(credential)
  const decision = decideStepUp(hint, denial.status, stepUp.circumstances, asked, stepUp.rules)
  if (credential.kind === 'own-after-failure' && isCovered(decision, credential)) {
    return { kind: 'fail', failure: credential.failure, wanted: credential.wanted }
  }
  if (decision.kind === 'refuse') {
    const isNothingNew = credential.kind === 'issued' && decision.outcome === 'no-hint'
    return release(
      isNothingNew ? 'replay-denied' : decision.outcome,
      decision.reason,
      decision.scopes,
    )
  }
  const { wanted } = decision
  const whyUnusable = stepUp.tokens.whyUnusable(stepUp.subject)
  if (whyUnusable !== undefined) {
    return release('subject-token-unusable', whyUnusable, wanted.scopes)
  }
  return checkSendable(stepUp, wanted.scopes) ?? { kind: 'exchange', wanted }
}

/** The scopes that the denied request had been given beforehand. */
export function askedWith(credential: Credential): readonly string[] {
  return credential.kind === 'issued' ? credential.wanted.scopes : []
}

/** `undefined`: the request can be sent once more. Asked again after an exchange: a chunk that was under way may have burst the record. */
export function checkSendable(stepUp: StepUp, scopes: readonly string[]): Release | undefined {
  return isSendableTwice(stepUp)
    ? undefined
    : release('body-not-replayable', whyNotSendable(stepUp), scopes)
}

/**
 * A failed pre-emption answers for its own scopes, and for a denial that names none; for others an exchange is due. One
 * scope refuses a whole set, so a refusal says nothing of fewer: what refuses them too is remembered or counted, and costs
 * Keycloak nothing. An outage answers for fewer as well: the caller would wait for it twice.
 */
function isCovered(decision: Decision, { wanted, failure }: FailedCredential): boolean {
  if (decision.kind === 'refuse') return decision.outcome === 'no-hint'
  const { scopes } = decision.wanted
  if (!scopes.every((scope) => wanted.scopes.includes(scope))) return false
  return failure.kind === 'unavailable' || scopes.length === wanted.scopes.length
}

function isSendableTwice({ options, circumstances, replayBody }: StepUp): boolean {
  if (circumstances.route?.isReplayable === false) return false
  return !(options.body instanceof Readable) || replayBody?.isReplayable === true
}

function whyNotSendable({ circumstances }: StepUp): string {
  return circumstances.route?.isReplayable === false ? 'replay-never' : 'body-too-large'
}

function release(outcome: Outcome, reason: string, scopes: readonly string[]): Release {
  return { kind: 'release', outcome, reason, scopes }
}
