import { randomUUID } from 'node:crypto'
import type { Fields } from './json-fields.ts'
import { fieldsAt, flagAt, isFields, listAt, numberAt, textAt, textsAt } from './json-fields.ts'
import type { Client, ClientScope, Mapper, Realm, RoleKey, User } from './realm.ts'

/**
 * Reads a Keycloak realm import: clients, client scopes, roles, users and what ties them together.
 * Fields that this stand-in has no use for are passed over, as Keycloak's own importer would fill them in.
 */
export function parseRealm(document: unknown): Realm {
  if (!isFields(document)) throw new TypeError('a realm import must be a JSON object')
  const name = textAt(document, 'realm')
  if (name === undefined) throw new TypeError('the realm import names no "realm"')
  const clients = listAt(document, 'clients').map(readClient(document))
  return {
    name,
    clients: byName(clients, 'clientId'),
    clientScopes: byName(listAt(document, 'clientScopes').map(readClientScope(document)), 'name'),
    users: byName(
      [...clients.filter(hasServiceAccount).map(serviceAccount), ...readUsers(document)],
      'username',
    ),
    composites: readComposites(fieldsAt(document, 'roles')),
  }
}

function byName<K extends string, T extends Readonly<Record<K, string>>>(items: T[], key: K) {
  return new Map(items.map((item): [string, T] => [item[key], item]))
}

function readClient(realm: Fields): (client: Fields) => Client {
  return (client) => {
    const clientId = textAt(client, 'clientId') ?? ''
    const attributes = fieldsAt(client, 'attributes')
    return {
      clientId,
      isEnabled: flagAt(client, 'enabled', true),
      isPublic: flagAt(client, 'publicClient', false),
      secret: textAt(client, 'secret'),
      authenticator: textAt(client, 'clientAuthenticatorType') ?? 'client-secret',
      hasStandardExchange: flagAt(attributes, 'standard.token.exchange.enabled', false),
      hasDirectGrants: flagAt(client, 'directAccessGrantsEnabled', false),
      hasServiceAccount: flagAt(client, 'serviceAccountsEnabled', false),
      needsConsent: flagAt(client, 'consentRequired', false),
      hasFullScope: flagAt(client, 'fullScopeAllowed', true),
      scopeRoles: readScopeRoles(realm, 'client', clientId),
      defaultScopes:
        textsAt(client, 'defaultClientScopes') ??
        textsAt(realm, 'defaultDefaultClientScopes') ??
        [],
      optionalScopes:
        textsAt(client, 'optionalClientScopes') ??
        textsAt(realm, 'defaultOptionalClientScopes') ??
        [],
      mappers: readMappers(client),
      tokenLifespanS:
        Number(textAt(attributes, 'access.token.lifespan')) ||
        (numberAt(realm, 'accessTokenLifespan') ?? 300),
    }
  }
}

function readClientScope(realm: Fields): (scope: Fields) => ClientScope {
  return (scope) => {
    const name = textAt(scope, 'name') ?? ''
    return {
      name,
      isInTokenScope: flagAt(fieldsAt(scope, 'attributes'), 'include.in.token.scope', true),
      roles: readScopeRoles(realm, 'clientScope', name),
      mappers: readMappers(scope),
    }
  }
}

function readScopeRoles(realm: Fields, kind: 'client' | 'clientScope', name: string): RoleKey[] {
  const ofRealm = listAt(realm, 'scopeMappings')
    .filter((mapping) => textAt(mapping, kind) === name)
    .flatMap((mapping) => textsAt(mapping, 'roles') ?? [])
  const byClient = fieldsAt(realm, 'clientScopeMappings')
  const ofClients = Object.keys(byClient).flatMap((owner) =>
    listAt(byClient, owner)
      .filter((mapping) => textAt(mapping, kind) === name)
      .flatMap((mapping) => clientRoles(owner, textsAt(mapping, 'roles'))),
  )
  return [...ofRealm, ...ofClients]
}

function readMappers(from: Fields): Mapper[] {
  return listAt(from, 'protocolMappers').map((mapper) => ({
    kind: textAt(mapper, 'protocolMapper') ?? '',
    config: fieldsAt(mapper, 'config'),
  }))
}

function readUsers(realm: Fields): User[] {
  return listAt(realm, 'users').map(readUser)
}

function hasServiceAccount(client: Client): boolean {
  return client.hasServiceAccount
}

/** Keycloak makes this user by itself; an entry of that name in the import takes its place. */
function serviceAccount({ clientId }: Client): User {
  return {
    id: randomUUID(),
    username: `service-account-${clientId}`,
    password: undefined,
    email: undefined,
    firstName: undefined,
    lastName: undefined,
    isEnabled: true,
    isSetUp: true,
    roles: [],
  }
}

function readUser(user: Fields): User {
  const email = textAt(user, 'email')
  const firstName = textAt(user, 'firstName')
  const lastName = textAt(user, 'lastName')
  const password = listAt(user, 'credentials').find((one) => textAt(one, 'type') === 'password')
  return {
    id: textAt(user, 'id') ?? randomUUID(),
    username: textAt(user, 'username') ?? '',
    password: password === undefined ? undefined : textAt(password, 'value'),
    email,
    firstName,
    lastName,
    isEnabled: flagAt(user, 'enabled', false),
    isSetUp:
      Boolean(email && firstName && lastName) &&
      (textsAt(user, 'requiredActions') ?? []).length === 0,
    roles: readRoles(user, 'realmRoles', 'clientRoles'),
  }
}

function readComposites(roles: Fields): Map<RoleKey, RoleKey[]> {
  const composites = new Map<RoleKey, RoleKey[]>()
  const read = (role: Fields, key: RoleKey) =>
    composites.set(key, readRoles(fieldsAt(role, 'composites'), 'realm', 'client'))
  for (const role of listAt(roles, 'realm')) read(role, textAt(role, 'name') ?? '')
  const ofClients = fieldsAt(roles, 'client')
  for (const owner of Object.keys(ofClients)) {
    for (const role of listAt(ofClients, owner)) read(role, `${owner}/${textAt(role, 'name')}`)
  }
  return composites
}

function readRoles(from: Fields, realmField: string, clientField: string): RoleKey[] {
  const ofClients = fieldsAt(from, clientField)
  return [
    ...(textsAt(from, realmField) ?? []),
    ...Object.keys(ofClients).flatMap((owner) => clientRoles(owner, textsAt(ofClients, owner))),
  ]
}

function clientRoles(owner: string, names: readonly string[] | undefined): RoleKey[] {
  return (names ?? []).map((name) => `${owner}/${name}`)
}
