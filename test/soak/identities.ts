import { decodeJwt } from 'jose'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import type { Random } from './random.ts'

/** A caller: a token, and the mark of its session, which an issued token carries on. */
export interface Identity {
  readonly token: string
  readonly marker: string
}

export interface Identities {
  /** A login of its own. */
  create(random: Random): Promise<Identity>
  /** One of the last logins, now and then a new one. */
  draw(random: Random): Promise<Identity>
}

const MAX_KEPT = 100
const NEW_LOGIN = 0.03

export function createIdentities(server: AuthorizationServer, users: number): Identities {
  const kept: Identity[] = []

  async function create(random: Random): Promise<Identity> {
    const token = await server.issueSubjectToken({
      user: `soak-${random.whole(0, users - 1)}`,
      expiresInS: 3600,
    })
    return { token, marker: markerOf(token) ?? '' }
  }

  return {
    create,
    async draw(random) {
      const known = kept[random.whole(0, Math.max(0, kept.length - 1))]
      if (known !== undefined && !random.chance(NEW_LOGIN)) return known
      const identity = await create(random)
      if (kept.length < MAX_KEPT) kept.push(identity)
      else kept[random.whole(0, MAX_KEPT - 1)] = identity
      return identity
    },
  }
}

/** The session of a bearer, or of an `Authorization` value: nobody else's token has the same. */
export function markerOf(bearer: string | undefined): string | undefined {
  if (bearer === undefined) return undefined
  const { sid } = decodeJwt(bearer.replace(/^Bearer /, ''))
  return typeof sid === 'string' ? sid : undefined
}
