import type { SubjectToken } from '../subject-token.ts'
import type { ClientFacts } from './check-client.ts'
import { judgeClientFault } from './check-client.ts'
import { finding } from './finding.ts'
import { readToken } from './obtain-sample.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

export type ServiceAccount =
  | { readonly kind: 'token'; readonly subject: SubjectToken }
  /** The client has none: that is no fault. */
  | { readonly kind: 'off' }
  /** What is wrong is in the report. */
  | { readonly kind: 'wrong' }

/** A token of our client's own (RFC 6749 §4.4), which it may exchange at itself. */
export async function obtainServiceAccount(
  tokenEndpoint: TokenEndpoint,
  facts: ClientFacts,
  add: AddFinding,
): Promise<ServiceAccount> {
  const reply = await tokenEndpoint.clientCredentials()
  if (reply.kind === 'answered') {
    const { answer, error, description } = reply
    if (answer.kind === 'issued') {
      const subject = readToken(answer.accessToken)
      if (subject !== undefined) return { kind: 'token', subject }
    }
    if (description.startsWith('Public client')) {
      add(finding('client-public', { client: facts.client }))
      return { kind: 'wrong' }
    }
    if (error === 'unauthorized_client') return { kind: 'off' }
  }
  add(judgeClientFault(reply, facts))
  return { kind: 'wrong' }
}
