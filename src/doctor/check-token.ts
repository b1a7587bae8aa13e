import type { SubjectToken, TokenClaims } from '../subject-token.ts'
import { whyUnusableSubject } from '../token-exchange/subject-usability.ts'
import { finding, listNames } from './finding.ts'
import { judgeIssuedFor } from './judge-issued-for.ts'
import type { AddFinding } from './report.ts'

export interface CheckTokenOptions {
  readonly subject: SubjectToken
  readonly client: string
  /** Else no token can name it. */
  readonly isClientGood: boolean
  readonly issuer: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly add: AddFinding
}

/** What can be read of a caller's token. Whether it makes sense to have it exchanged. */
export function checkToken(options: CheckTokenOptions): boolean {
  const { subject, client, isClientGood, add } = options
  const { claims } = subject
  if (claims === undefined) {
    add(finding('token-not-jwt', {}))
    return false
  }
  const azp = textOf(claims.payload['azp']) || 'unknown'
  const isUsable = checkUsability(claims, azp, options)
  const refused = judgeIssuedFor(claims, isClientGood ? client : undefined)
  if (refused !== undefined) add(refused)
  const isAccess = refused?.id !== 'token-not-access'
  if (azp === client) add(finding('login-is-requester', { client }))
  return isUsable && isAccess
}

/** Once Keycloak has exchanged it. */
export function reportUsable({ subject, nowMs, add }: CheckTokenOptions): void {
  const { claims } = subject
  if (claims === undefined) return
  add(
    finding('token-usable', {
      subject: textOf(claims.payload['preferred_username']) || (claims.sub ?? ''),
      azp: textOf(claims.payload['azp']) || 'unknown',
      audience: listNames(claims.aud),
      seconds: String(Math.round((claims.exp ?? 0) - nowMs / 1000)),
      scopes: listNames(claims.scopes),
    }),
  )
}

function checkUsability(
  claims: TokenClaims,
  azp: string,
  { subject, issuer, nowMs, add }: CheckTokenOptions,
): boolean {
  const reason = whyUnusableSubject(subject, { issuer, nowMs })
  switch (reason) {
    case undefined:
      return true
    case 'not-a-jwt':
      add(finding('token-not-jwt', {}))
      return false
    case 'foreign-issuer':
      add(finding('token-foreign-issuer', { found: claims.iss ?? '', wanted: issuer }))
      return false
    case 'no-expiry':
      add(finding('token-without-expiry', {}))
      return false
    case 'expired':
      add(
        finding('token-expired', { seconds: String(Math.round(nowMs / 1000 - (claims.exp ?? 0))) }),
      )
      return false
    case 'no-subject':
      add(finding('token-without-sub', { azp }))
      return false
    case 'sender-constrained':
      add(finding('token-sender-constrained', { azp }))
      return false
    case 'too-long':
      add(finding('token-too-long', { characters: String(subject.token.expose().length), azp }))
      return false
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
