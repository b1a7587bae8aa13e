import type { TokenClaims } from '../subject-token.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'

/** `typ` of what Keycloak issues beside access tokens. */
const OTHER_TYPES: ReadonlySet<unknown> = new Set(['ID', 'Refresh', 'Offline', 'Logout'])

/**
 * Why Keycloak refuses to exchange a token that is good otherwise: it was not issued as an access token, or not for our
 * client. `client`: `undefined` where it is not known, and no token can name it. `undefined`: as far as can be read, none.
 */
export function judgeIssuedFor(
  { payload, aud }: TokenClaims,
  client: string | undefined,
): Finding | undefined {
  const { typ, azp } = payload
  if (OTHER_TYPES.has(typ)) return finding('token-not-access', { type: String(typ) })
  if (client === undefined || aud.includes(client) || azp === client) return undefined
  const issuedTo = typeof azp === 'string' && azp !== '' ? azp : 'unknown'
  return finding('token-not-for-client', { client, azp: issuedTo })
}
