import { randomUUID } from 'node:crypto'
import type { Accounts } from './accounts.ts'
import type { TokenFault } from './faults.ts'
import { grantScopes } from './granted-scopes.ts'
import { mapClaims } from './mapped-claims.ts'
import type { Client, Realm, User } from './realm.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What all grants share. */
export interface Issuer {
  readonly realm: Realm
  readonly accounts: Accounts
  readonly keys: SigningKeys
  readonly issuer: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface TokenOrder {
  readonly client: Client
  readonly user: User
  /** Keycloak's mark of the session and the grant at the front of the `jti`. */
  readonly jtiPrefix: 'onrtro' | 'trrtcc' | 'ntrtte' | 'trrtte'
  readonly scope: string | undefined
  /** `undefined`: a transient session, as service accounts have. */
  readonly sid: string | undefined
  /** Only these may stay in `aud`; `undefined`: all that the mappers name. */
  readonly onlyAudience?: readonly string[] | undefined
  readonly expiresInS?: number | undefined
  /** Claims that win over all others; one of `undefined` is left out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly fault?: TokenFault | undefined
}

export interface AccessToken {
  readonly token: string
  readonly scope: string
  readonly audience: readonly string[]
  readonly expiresInS: number
}

export async function issueAccessToken(issuer: Issuer, order: TokenOrder): Promise<AccessToken> {
  const { client, user, fault } = order
  const roles = issuer.accounts.rolesOf(user)
  const granted = grantScopes(issuer.realm, client, order.scope, roles)
  const mapped = mapClaims({ realm: issuer.realm, client, active: granted.active, user, roles })
  const only = order.onlyAudience
  const audience = mapped.audience.filter((name) => only === undefined || only.includes(name))
  const scope = fault?.kind === 'drop-scopes' ? without(granted.scope, fault.scopes) : granted.scope
  const nowS = Math.floor(issuer.now() / 1000)
  const expiresInS = order.expiresInS ?? client.tokenLifespanS
  const token = await issuer.keys.sign({
    exp: nowS + expiresInS,
    iat: nowS,
    jti: `${order.jtiPrefix}:${randomUUID()}`,
    iss: issuer.issuer,
    ...(audience.length > 0 && { aud: audience.length === 1 ? audience[0] : audience }),
    typ: 'Bearer',
    azp: client.clientId,
    ...(order.sid !== undefined && { sid: order.sid }),
    scope,
    ...mapped.claims,
    ...order.claims,
    ...(fault?.kind === 'claims' && fault.claims),
  })
  return {
    token: fault?.kind === 'bad-signature' ? spoilSignature(token) : token,
    scope,
    audience,
    expiresInS,
  }
}

function without(scope: string, dropped: readonly string[]): string {
  return scope
    .split(' ')
    .filter((token) => !dropped.includes(token))
    .join(' ')
}

/** Turns the signature's first character: the last one may hold bits that decode to nothing. */
function spoilSignature(token: string): string {
  const at = token.lastIndexOf('.') + 1
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}
