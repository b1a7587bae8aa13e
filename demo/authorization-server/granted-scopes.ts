import type { Client, ClientScope, Realm, RoleKey } from './realm.ts'

/** What a request for scopes comes to. */
export interface GrantedScopes {
  /** The client scopes whose mappers shape the token. */
  readonly active: readonly ClientScope[]
  /** The `scope` of answer and token: unordered, perhaps empty. */
  readonly scope: string
}

/** Whether every scope token is attached to the client; one that is not refuses the whole set. `undefined`: no parameter was sent. */
export function isValidScope(client: Client, scope: string | undefined): boolean {
  if (scope === undefined) return true
  const attached = new Set(['openid', ...client.defaultScopes, ...client.optionalScopes])
  return scope.split(' ').every((token) => attached.has(token))
}

/** The client's default scopes and the requested optional ones, less those that the roles forbid: these are dropped silently. */
export function grantScopes(
  realm: Realm,
  client: Client,
  requested: string | undefined,
  userRoles: readonly RoleKey[],
): GrantedScopes {
  const tokens = new Set(requested?.split(' '))
  const roles = expandRoles(realm, userRoles)
  const names = [
    ...client.defaultScopes,
    ...client.optionalScopes.filter((name) => tokens.has(name)),
  ]
  const active = [...new Set(names)]
    .map((name) => realm.clientScopes.get(name))
    .filter((scope) => scope !== undefined)
    .filter((scope) => isPermitted(realm, scope, roles))
  // Keycloak promises no order; the reverse of the request keeps readers from relying on one.
  const shown = active
    .filter((scope) => scope.isInTokenScope)
    .map((scope) => scope.name)
    .reverse()
  return { active, scope: [...(tokens.has('openid') ? ['openid'] : []), ...shown].join(' ') }
}

/** Any one of the scope's roles is enough, and a composite among them opens it to all who have a part of it. */
function isPermitted(realm: Realm, scope: ClientScope, roles: ReadonlySet<RoleKey>): boolean {
  if (scope.roles.length === 0) return true
  return [...expandRoles(realm, scope.roles)].some((role) => roles.has(role))
}

/** The roles and all that the composites among them contain. */
export function expandRoles(realm: Realm, roles: readonly RoleKey[]): ReadonlySet<RoleKey> {
  const all = new Set<RoleKey>()
  const pending = [...roles]
  for (let role = pending.pop(); role !== undefined; role = pending.pop()) {
    if (all.has(role)) continue
    all.add(role)
    pending.push(...(realm.composites.get(role) ?? []))
  }
  return all
}
