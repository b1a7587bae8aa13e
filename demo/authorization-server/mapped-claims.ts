import { expandRoles } from './granted-scopes.ts'
import { flagAt, textAt } from './json-fields.ts'
import type { Client, ClientScope, Mapper, Realm, RoleKey, User } from './realm.ts'

/** For whom, and through which client and scopes, a token is made. */
export interface ClaimSource {
  readonly realm: Realm
  readonly client: Client
  readonly active: readonly ClientScope[]
  readonly user: User
  readonly roles: readonly RoleKey[]
}

/** The claims that protocol mappers put into an access token, and the audience that they add up to. */
export interface MappedClaims {
  readonly audience: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** Runs the protocol mappers of the client and of its active scopes. Without a `sub` mapper (scope `basic`) there is no `sub`. */
export function mapClaims(source: ClaimSource): MappedClaims {
  const audience = new Set<string>()
  const claims: Record<string, unknown> = {}
  for (const mapper of mappersOf(source)) {
    if (!flagAt(mapper.config, 'access.token.claim', true)) continue
    if (mapper.kind === 'oidc-audience-mapper') {
      const name =
        textAt(mapper.config, 'included.client.audience') ||
        textAt(mapper.config, 'included.custom.audience')
      if (name) audience.add(name)
    } else Object.assign(claims, claimsOf(mapper, source))
  }
  return { audience: [...audience], claims }
}

function mappersOf({ client, active }: ClaimSource): readonly Mapper[] {
  return [...active.flatMap((scope) => scope.mappers), ...client.mappers]
}

function claimsOf(mapper: Mapper, source: ClaimSource): Record<string, unknown> {
  const { user } = source
  switch (mapper.kind) {
    case 'oidc-sub-mapper':
      return { sub: user.id }
    case 'oidc-acr-mapper':
      return { acr: '1' }
    case 'oidc-usermodel-realm-role-mapper':
      return { realm_access: { roles: visibleRealmRoles(source) } }
    case 'oidc-full-name-mapper':
      return { name: [user.firstName, user.lastName].filter(Boolean).join(' ') }
    case 'oidc-usermodel-attribute-mapper':
    case 'oidc-usermodel-property-mapper':
      return userAttribute(mapper, user)
    case 'oidc-hardcoded-claim-mapper':
      return named(mapper, textAt(mapper.config, 'claim.value'))
    default:
      return {}
  }
}

function userAttribute(mapper: Mapper, user: User): Record<string, unknown> {
  switch (textAt(mapper.config, 'user.attribute')) {
    case 'username':
      return named(mapper, user.username)
    case 'email':
      return named(mapper, user.email)
    case 'firstName':
      return named(mapper, user.firstName)
    case 'lastName':
      return named(mapper, user.lastName)
    case 'emailVerified':
      return named(mapper, true)
    default:
      return {}
  }
}

function named(mapper: Mapper, value: unknown): Record<string, unknown> {
  const name = textAt(mapper.config, 'claim.name')
  return name === undefined || value === undefined ? {} : { [name]: value }
}

/** The user's realm roles, cut down to the client's own scope unless it has the full one. */
function visibleRealmRoles({ realm, client, active, roles }: ClaimSource): RoleKey[] {
  const held = [...expandRoles(realm, roles)].filter((role) => !role.includes('/'))
  if (client.hasFullScope) return held
  const mapped = [...client.scopeRoles, ...active.flatMap((scope) => scope.roles)]
  const visible = expandRoles(realm, mapped)
  return held.filter((role) => visible.has(role))
}
