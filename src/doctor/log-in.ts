import type { Secret } from '../secret.ts'
import { inWords } from './check-client.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { AddFinding } from './report.ts'
import type { Answered, Login, TokenEndpoint } from './token-endpoint.ts'

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
  if (reply.answer.kind === 'issued') return reply.answer.accessToken
  add(judgeRefusal(reply, login))
  return undefined
}

/** By `error`: a wrong password is a 401 at some releases of Keycloak, and a 400 at others. */
function judgeRefusal(
  { status, error, description }: Answered,
  { clientId: client, user }: Login,
): Finding {
  const isClient = error === 'invalid_client' || error === 'unauthorized_client'
  if (isClient && status === 401) return finding('login-client-unknown', { client })
  if (error === 'unauthorized_client') return finding('direct-grants-off', { client })
  return finding('login-failed', { client, user, answer: inWords(status, error, description) })
}
