import type { ClientAuthenticationMethod } from './authentication-method.ts'

/** What can be wrong with how our client proves who it is. */
export type CredentialFault = (typeof CREDENTIAL_FAULTS)[number]

const CREDENTIAL_FAULTS = [
  /** 401 `unauthorized_client`: the secret is wrong, or it is a secret that Keycloak wants. */
  'client-secret',
  /** 401 `invalid_client`: no such client, or none that authenticates so. */
  'client-unknown',
  /** 400 `invalid_client`: another method is wanted, or an assertion is not as it must be. */
  'client-authentication',
  /** There is no assertion to send. */
  'assertion-file',
] as const

export interface CredentialContext {
  readonly clientId: string
  readonly method: ClientAuthenticationMethod
  /** What the `aud` of an assertion must be. */
  readonly issuer: string
}

export function isCredentialFault(fault: string): fault is CredentialFault {
  return CREDENTIAL_FAULTS.some((one) => one === fault)
}

/** What is wrong and what to do about it, for the method that is in use. */
export function describeCredentialFault(
  fault: CredentialFault,
  context: CredentialContext,
): string {
  switch (context.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return describeSecretFault(fault, context)
    case 'private_key_jwt':
      return describeKeyFault(fault, context)
    case 'federated_jwt':
      return describeFederatedFault(fault, context)
  }
}

function describeSecretFault(fault: CredentialFault, { clientId }: CredentialContext): string {
  const client = `client '${clientId}'`
  switch (fault) {
    case 'client-secret':
      return `Keycloak refuses the secret of ${client}: put the client's current secret into KEYCLOAK_CLIENT_SECRET or the file of KEYCLOAK_CLIENT_SECRET_FILE.`
    case 'client-unknown':
      return `Keycloak does not know ${client}, or it is disabled, or it authenticates by another method: check KEYCLOAK_CLIENT_ID, KEYCLOAK_REALM, and the client's authenticator.`
    case 'client-authentication':
    case 'assertion-file':
      return `Keycloak refuses how ${client} authenticates: set KEYCLOAK_AUTH_METHOD to the method of the client's authenticator, and make the client confidential.`
  }
}

function describeKeyFault(fault: CredentialFault, { clientId, issuer }: CredentialContext): string {
  const client = `client '${clientId}'`
  switch (fault) {
    case 'client-secret':
      return `Keycloak wants no signed assertion of ${client}: set the client's authenticator to 'Signed JWT', or KEYCLOAK_AUTH_METHOD to the method that it has, and make it confidential.`
    case 'client-unknown':
      return `Keycloak does not know ${client}, or it is disabled: check KEYCLOAK_CLIENT_ID and KEYCLOAK_REALM.`
    case 'client-authentication':
    case 'assertion-file':
      return `Keycloak refuses the assertion of ${client}: register the public key that belongs to KEYCLOAK_CLIENT_KEY at the client, with 'use' set to 'sig' and with the same key id (KEYCLOAK_CLIENT_KEY_ID) and algorithm (KEYCLOAK_CLIENT_KEY_ALG); make KEYCLOAK_ISSUER the realm's issuer, now ${issuer}; and make the clocks of Keycloak and of this machine agree.`
  }
}

function describeFederatedFault(
  fault: CredentialFault,
  { clientId, issuer }: CredentialContext,
): string {
  const client = `client '${clientId}'`
  switch (fault) {
    case 'client-secret':
    case 'client-unknown':
      return `Keycloak finds no client for the token in the file of KEYCLOAK_CLIENT_ASSERTION_FILE, or does not trust its signature: at ${client}, set the authenticator to 'Signed JWT - Federated', jwt.credential.issuer to the alias of the identity provider and jwt.credential.sub to the token's 'sub'; at the provider, the issuer must be the token's 'iss', and Keycloak must reach its key set.`
    case 'client-authentication':
      return `Keycloak refuses the token in the file of KEYCLOAK_CLIENT_ASSERTION_FILE, of ${client}: its audience must be ${issuer} alone, it must be no older than the identity provider allows (3600 s), and the clocks of Keycloak and of its issuer must agree.`
    case 'assertion-file':
      return `There is no token to authenticate ${client} with: mount one whose audience is ${issuer}, and name its file in KEYCLOAK_CLIENT_ASSERTION_FILE.`
  }
}
