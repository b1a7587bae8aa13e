import type { Fields } from './json-fields.ts'

/** A realm as its import file describes it; what changes while the server runs is kept in accounts.ts. */
export interface Realm {
  readonly name: string
  readonly clients: ReadonlyMap<string, Client>
  readonly clientScopes: ReadonlyMap<string, ClientScope>
  readonly users: ReadonlyMap<string, User>
  /** The roles that each composite role contains directly. */
  readonly composites: ReadonlyMap<RoleKey, readonly RoleKey[]>
}

/** A realm role by its name, a client role as `clientId/name`. */
export type RoleKey = string

export interface Client {
  readonly clientId: string
  readonly isEnabled: boolean
  readonly isPublic: boolean
  readonly secret: string | undefined
  /** `client-secret`, `client-jwt`, `federated-jwt`… */
  readonly authenticator: string
  readonly hasStandardExchange: boolean
  readonly hasDirectGrants: boolean
  readonly hasServiceAccount: boolean
  readonly needsConsent: boolean
  readonly hasFullScope: boolean
  /** Roles that tokens of this client may carry although `fullScopeAllowed` is off. */
  readonly scopeRoles: readonly RoleKey[]
  readonly defaultScopes: readonly string[]
  readonly optionalScopes: readonly string[]
  readonly mappers: readonly Mapper[]
  readonly tokenLifespanS: number
}

export interface ClientScope {
  readonly name: string
  readonly isInTokenScope: boolean
  /** The scope is granted to users who have any of these; to everybody where there is none. */
  readonly roles: readonly RoleKey[]
  readonly mappers: readonly Mapper[]
}

export interface Mapper {
  readonly kind: string
  readonly config: Fields
}

export interface User {
  /** The `sub` of the user's tokens. */
  readonly id: string
  readonly username: string
  readonly password: string | undefined
  readonly email: string | undefined
  readonly firstName: string | undefined
  readonly lastName: string | undefined
  readonly isEnabled: boolean
  /** Whether the account lacks a required action, an e-mail address and both names (Keycloak's user profile wants all three). */
  readonly isSetUp: boolean
  readonly roles: readonly RoleKey[]
}
