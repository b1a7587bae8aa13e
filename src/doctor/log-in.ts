import type { Secret } from '../secret.ts'
import { inWords } from './check-client.ts'
import { finding } from './finding.ts'
import type { AddFinding } from './report.ts'
import type { Login, TokenEndpoint } from './token-endpoint.ts'

/** A user's access token by the password grant (RFC 6749 §4.3), as the login client gives it to users. */
export async function logIn(
  login: Login,
  tokenEndpoint: TokenEndpoint,
  add: AddFinding,
): Promise<Secret | undefined> {
  const { clientId: client, user } = login
  const reply = await tokenEndpoint.logIn(login)
  if (reply.kind !== 'answered') {
    add(
      finding('login-failed', { client, user, answer: reply.kind === 'none' ? reply.reason : '' }),
    )
    return undefined
  }
  const { answer, status, error, description } = reply
  if (answer.kind === 'issued') return answer.accessToken
  if (status === 401) add(finding('login-client-unknown', { client }))
  else if (error === 'unauthorized_client') add(finding('direct-grants-off', { client }))
  else add(finding('login-failed', { client, user, answer: inWords(status, error, description) }))
  return undefined
}
