import type { ScopeRules } from '../policy/route-policy.ts'
import type { SubjectToken } from '../subject-token.ts'
import { parseTokenClaims } from '../subject-token.ts'
import type { IssuedAnswer } from '../token-exchange/exchange-response.ts'
import { checkIssuedToken } from '../token-exchange/issued-token-check.ts'
import type { Finding } from './finding.ts'
import { finding, listNames } from './finding.ts'

export interface CheckIssuedOptions {
  readonly issued: IssuedAnswer
  readonly subject: SubjectToken
  /** What was asked for. */
  readonly scopes: readonly string[]
  readonly client: string
  readonly issuer: string
  readonly scopeRules: ScopeRules
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** What the proxy would find wrong with an issued token, but for audience and scopes, which have findings of their own. */
export function judgeIssuedToken(options: CheckIssuedOptions): Finding | undefined {
  const { issued, subject, client, issuer, scopeRules, nowMs } = options
  const claims = parseTokenClaims(issued.accessToken.expose())
  if (claims === undefined || subject.claims === undefined) {
    return finding('issued-token-invalid', { client, claim: 'form' })
  }
  const verdict = checkIssuedToken({
    claims,
    answerScopes: issued.scopes,
    request: { subject, scopes: [], audience: [], namedBy: 'operator' },
    subject: subject.claims,
    issuer,
    // Only what nobody asked for is a climb.
    scopeRules: {
      ...scopeRules,
      isDenied: (scope) => !options.scopes.includes(scope) && scopeRules.isDenied(scope),
    },
    nowMs,
  })
  if (verdict.kind === 'refused') {
    const denied = [...claims.scopes].filter((scope) => scopeRules.isDenied(scope))
    return finding('denied-scope-by-default', { client, scopes: listNames(denied) })
  }
  if (verdict.kind !== 'invalid') return undefined
  if (verdict.claim === 'sub') return finding('issued-token-without-sub', { client })
  return finding('issued-token-invalid', { client, claim: verdict.claim })
}
