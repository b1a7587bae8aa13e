import type { Issuer } from './access-tokens.ts'
import { issueAccessToken } from './access-tokens.ts'

export interface SubjectTokenOrder {
  /** User name. */
  readonly user: string
  readonly scope?: string
  /** Seconds; negative makes a token that has expired. */
  readonly expiresInS?: number
  /** Claims that win over the ordinary ones; `undefined` leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The login client; none: `scopelift-login`. */
  readonly clientId?: string
}

/** Logs the user in and mints the access token that the password grant would have given. Throws on unknown names. */
export async function issueSubjectToken(issuer: Issuer, order: SubjectTokenOrder): Promise<string> {
  const user = issuer.accounts.find(order.user)
  if (user === undefined) throw new RangeError(`the realm has no user "${order.user}"`)
  const clientId = order.clientId ?? 'scopelift-login'
  const client = issuer.realm.clients.get(clientId)
  if (client === undefined) throw new RangeError(`the realm has no client "${clientId}"`)
  const { token } = await issueAccessToken(issuer, {
    client,
    user,
    jtiPrefix: 'onrtro',
    scope: order.scope,
    sid: issuer.accounts.logIn(user),
    expiresInS: order.expiresInS,
    claims: order.claims,
  })
  return token
}
