import type { CredentialFault } from './credential-fault.ts'

/**
 * Adds the requester client's credentials to a request (RFC 6749 §2.3), in the form or in the headers; or says why it has
 * none. Called anew for each request, so that a rotated secret is read and an assertion made when it is needed.
 * `requestId` is that of the caller's request, where there is one.
 */
export type ClientAuthentication = (
  form: URLSearchParams,
  headers: Record<string, string>,
  requestId: string | undefined,
) => CredentialFault | undefined | Promise<CredentialFault | undefined>

/** RFC 7523 §2.2. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
