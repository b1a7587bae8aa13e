import type { SubjectToken, TokenClaims } from '../subject-token.ts'
import { whyClaimsUnusable } from '../token-exchange/subject-usability.ts'
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

/** Keycloak refuses a longer subject token. */
const MAX_CHARACTERS = 20_000

/** What can be read of a caller's token. Whether it makes sense to have it exchanged. */
export function checkToken(options: CheckTokenOptions): boolean {
  const { subject, client, isClientGood, add } = options
  const { claims } = subject
  if (claims === undefined) {
    add(finding('token-not-jwt', {}))
    return false
  }
  const azp = textOf(claims.payload['azp']) || 'unknown'
  const isUsable = checkClaims(claims, azp, options)
  const refused = judgeIssuedFor(claims, isClientGood ? client : undefined)
  if (refused !== undefined) add(refused)
  const isAccess = refused?.id !== 'token-not-access'
  const characters = subject.token.expose().length
  const fits = characters <= MAX_CHARACTERS
  if (!fits) add(finding('token-too-long', { characters: String(characters), azp }))
  if (azp === client) add(finding('login-is-requester', { client }))
  return isUsable && isAccess && fits
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

function checkClaims(
  claims: TokenClaims,
  azp: string,
  { issuer, nowMs, add }: CheckTokenOptions,
): boolean {
  const reason = whyClaimsUnusable(claims, { issuer, nowMs })
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
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
