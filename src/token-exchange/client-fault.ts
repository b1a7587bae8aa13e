import type { ClientAuthenticationMethod } from './authentication-method.ts'
import type { CredentialFault } from './credential-fault.ts'
import { describeCredentialFault } from './credential-fault.ts'

/** What can be wrong on our side: at our client, its realm, or our settings. Never the caller's fault. */
export type ClientFault =
  | CredentialFault
  | 'exchange-not-enabled'
  | 'exchange-not-supported'
  | 'audience-unknown'
  | 'scope-not-attached'
  | 'realm-not-found'
  | 'realm-disabled'

export interface FaultContext {
  readonly clientId: string
  readonly method: ClientAuthenticationMethod
  readonly issuer: string
  readonly scopes: readonly string[]
  readonly audience: readonly string[]
}

/**
 * How far a fault reaches: a wrong secret spoils every exchange, a scope or audience that Keycloak does not know
 * only those that ask for it. Else one denial that names an unknown scope would stop everybody's exchanges.
 */
export function faultReach(fault: ClientFault): 'client' | 'scopes' | 'audience' {
  if (fault === 'scope-not-attached') return 'scopes'
  return fault === 'audience-unknown' ? 'audience' : 'client'
}

/** What is wrong and what to do about it, in one sentence for the log and `/readyz`. */
export function describeFault(fault: ClientFault, context: FaultContext): string {
  const client = `client '${context.clientId}'`
  switch (fault) {
    case 'client-secret':
    case 'client-unknown':
    case 'client-authentication':
    case 'assertion-file':
      return describeCredentialFault(fault, context)
    case 'exchange-not-enabled':
      return `Keycloak does not let ${client} exchange tokens: make it confidential and switch on 'Standard token exchange' (attribute standard.token.exchange.enabled).`
    case 'exchange-not-supported':
      return `Keycloak does not offer token exchange to ${client}: use Keycloak 26.2 or newer with the feature token-exchange-standard enabled.`
    case 'audience-unknown':
      return `Keycloak knows no client for the audience ${list(context.audience)}: correct KEYCLOAK_AUDIENCE or the route's audience, or create that client.`
    case 'scope-not-attached':
      return `Keycloak refuses the scopes ${list(context.scopes)} to ${client}: attach each of them to the client as an optional client scope.`
    case 'realm-not-found':
      return `Keycloak has no realm behind ${context.issuer}: check KEYCLOAK_SERVER_URL and KEYCLOAK_REALM.`
    case 'realm-disabled':
      return `The realm behind ${context.issuer} is disabled at Keycloak: enable the realm, or correct KEYCLOAK_REALM.`
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
