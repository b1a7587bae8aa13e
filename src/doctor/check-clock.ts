import { parseTokenClaims } from '../subject-token.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { Answered } from './token-endpoint.ts'

/** A subject token counts as expired 5 s after its `exp`: clocks must agree as well as that. */
const MAX_SKEW_S = 5

/** A token that was issued while we waited tells Keycloak's time by its `iat`. */
export function judgeClock({ answer, askedAtMs, answeredAtMs }: Answered): Finding | undefined {
  const token = answer.kind === 'issued' ? answer.accessToken.expose() : ''
  const iat = parseTokenClaims(token)?.payload['iat']
  if (typeof iat !== 'number') return undefined
  // `iat` has whole seconds: it may stand for any moment of the second that it begins.
  const aheadS = iat - answeredAtMs / 1000
  const behindS = askedAtMs / 1000 - (iat + 1)
  const skewS = Math.max(aheadS, behindS)
  if (skewS <= MAX_SKEW_S) return finding('clocks-agree', {})
  const direction = aheadS > behindS ? 'ahead of' : 'behind'
  return finding('clock-skew', { seconds: String(Math.round(skewS)), direction })
}
