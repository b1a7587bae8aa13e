import type { Secret } from '../secret.ts'
import type { ClientAuthentication } from './client-authentication.ts'
import { JWT_BEARER } from './client-authentication.ts'

export interface FederatedJwtOptions {
  /** Read per use, since it rotates. `undefined`: there is none, and who reads it has said why. Settles in bounded time. */
  readonly assertion: () => Promise<Secret | undefined>
}

/** Sends a token that somebody else has signed for us (RFC 7523 §2.2), alone: Keycloak finds the client by its `sub`. */
export function federatedJwt({ assertion }: FederatedJwtOptions): ClientAuthentication {
  return async (form) => {
    const current = await assertion()
    if (current === undefined) return 'assertion-file'
    form.set('client_assertion_type', JWT_BEARER)
    form.set('client_assertion', current.expose())
    return undefined
  }
}
