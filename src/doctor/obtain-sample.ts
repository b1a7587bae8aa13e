import type { Secret } from '../secret.ts'
import type { SubjectToken } from '../subject-token.ts'
import { createSubjectTokenReader } from '../subject-token.ts'
import { finding } from './finding.ts'
import { logIn } from './log-in.ts'
import type { AddFinding } from './report.ts'
import type { Login, TokenEndpoint } from './token-endpoint.ts'

/** Whose step-up is tried. */
export type Sample =
  | { readonly kind: 'token'; readonly token: Secret }
  | ({ readonly kind: 'login' } & Login)

/** The caller's token, as the proxy would read it. */
export async function obtainSample(
  sample: Sample,
  tokenEndpoint: TokenEndpoint,
  add: AddFinding,
): Promise<SubjectToken | undefined> {
  const token = sample.kind === 'token' ? sample.token : await logIn(sample, tokenEndpoint, add)
  if (token === undefined) return undefined
  const subject = readToken(token)
  if (subject === undefined) add(finding('token-not-jwt', {}))
  return subject
}

/** `undefined`: it is no token at all, and could not stand in a header. */
export function readToken(token: Secret): SubjectToken | undefined {
  return createSubjectTokenReader({ maxEntries: 1 })(`Bearer ${token.expose()}`)
}
