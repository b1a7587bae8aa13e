import type { IssuedToken } from '../issued-token.ts'
import type { ExchangeResultLabel } from '../observability/exchange-result.ts'
import type { ClientFault } from './client-fault.ts'
import { faultReach } from './client-fault.ts'
import type { ExchangeOutcome } from './exchange-client.ts'
import type { IssuedAnswer } from './exchange-response.ts'
import type { InvalidClaim, UnwantedExtra } from './issued-token-check.ts'
import type { Refusal, RefusalReach } from './refusals.ts'
import type { Verification } from './token-verifier.ts'

/** How one exchange ended, and what is to be kept of it. */
export type Conclusion =
  | { readonly kind: 'issued'; readonly token: IssuedToken; readonly expiresInMs: number }
  | {
      readonly kind: 'refused'
      readonly refusal: Refusal
      /** `undefined`: not remembered. */
      readonly reach: RefusalReach | undefined
      readonly defect?: Defect
    }
  | { readonly kind: 'unavailable'; readonly reason: string }

/** What an operator must see to. */
export type Defect =
  | { readonly kind: 'client'; readonly fault: ClientFault }
  | { readonly kind: 'issued-token'; readonly claim: TokenDefect }

/** Why an issued token is not used. */
export type TokenDefect = InvalidClaim | UnwantedExtra | 'signature'

/** Of an answer that brought no token. */
export function concludeAnswer(answer: Exclude<ExchangeOutcome, IssuedAnswer>): Conclusion {
  switch (answer.kind) {
    case 'dead-token':
      return refuse('exchange-refused', answer.reason, 'token')
    case 'refused-for-user':
      return refuse('exchange-refused', answer.reason, 'request')
    case 'invalid-scopes':
      return concludeFault('scope-not-attached')
    case 'misconfigured':
      return concludeFault(answer.fault)
    case 'unavailable':
      return answer
  }
}

/** Of a subject token whose signature is not known to be good. */
export function concludeVerification(
  verification: Exclude<Verification, { kind: 'good' }>,
): Conclusion {
  switch (verification.kind) {
    case 'bad-signature':
    case 'unknown-key':
      // The verifier remembers the forged; an unknown key may be a new one.
      return refuse('subject-token-unusable', verification.kind, undefined)
    case 'realm-not-found':
      return concludeFault('realm-not-found')
    case 'unavailable':
      return verification
  }
}

/** `reach` is `undefined` where the key is unknown: a rotation may be about to bring it. */
export function concludeInvalidToken(
  claim: InvalidClaim | 'signature',
  reach: RefusalReach | undefined,
): Conclusion {
  const refusal = { outcome: 'exchange-refused', reason: 'issued-token-invalid' } as const
  return { kind: 'refused', refusal, reach, defect: { kind: 'issued-token', claim } }
}

/** The requester client carries more than it should: every token that it issues is a climb. */
export function concludeUnwantedExtra(extra: UnwantedExtra): Conclusion {
  const refusal = { outcome: 'exchange-refused', reason: extra } as const
  return {
    kind: 'refused',
    refusal,
    reach: 'request',
    defect: { kind: 'issued-token', claim: extra },
  }
}

export function refuse(
  outcome: Refusal['outcome'],
  reason: string,
  reach: RefusalReach | undefined,
): Conclusion {
  return { kind: 'refused', refusal: { outcome, reason }, reach }
}

export function labelOf(conclusion: Conclusion): ExchangeResultLabel {
  if (conclusion.kind === 'issued') return 'issued'
  if (conclusion.kind === 'unavailable') {
    return conclusion.reason === 'abandoned' ? 'abandoned' : 'unavailable'
  }
  if (conclusion.defect?.kind === 'client') return 'misconfigured'
  if (conclusion.defect?.kind === 'issued-token') return 'issued-token-invalid'
  return conclusion.refusal.outcome
}

function concludeFault(fault: ClientFault): Conclusion {
  const refusal = { outcome: 'exchange-refused', reason: fault } as const
  return { kind: 'refused', refusal, reach: faultReach(fault), defect: { kind: 'client', fault } }
}
