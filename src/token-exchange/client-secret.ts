import type { Secret } from '../secret.ts'
import type { ClientAuthentication } from './client-authentication.ts'

export interface ClientSecret {
  readonly clientId: string
  /** Read per use. */
  readonly secret: () => Secret
}

/** RFC 6749 §2.3.1: both are form-urlencoded before base64, or Keycloak misreads `%` and `+`. */
export function clientSecretBasic(client: ClientSecret): ClientAuthentication {
  return (_form, headers) => {
    const pair = `${formEncode(client.clientId)}:${formEncode(client.secret().expose())}`
    Object.assign(headers, { authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
    return undefined
  }
}

export function clientSecretPost(client: ClientSecret): ClientAuthentication {
  return (form) => {
    form.set('client_id', client.clientId)
    form.set('client_secret', client.secret().expose())
    return undefined
  }
}

/** RFC 6749 Appendix B. */
function formEncode(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice('v='.length)
}
