import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Admin } from './admin.ts'

/** Clients, scopes, role and user of a case, all with random names. */
export interface Household {
  readonly realm: string
  readonly requester: string
  readonly secret: string
  readonly login: string
  /** Also its password. */
  readonly user: string
  /** A scope for everybody, and one for users who have `role`. */
  readonly free: string
  readonly gated: string
  readonly role: string
}

export interface Client {
  clientId: string
  enabled: boolean
  publicClient: boolean
  clientAuthenticatorType: string
  secret?: string
  standardFlowEnabled: boolean
  directAccessGrantsEnabled: boolean
  serviceAccountsEnabled: boolean
  fullScopeAllowed: boolean
  consentRequired: boolean
  bearerOnly?: boolean
  attributes: Record<string, string>
  defaultClientScopes: string[]
  optionalClientScopes: string[]
  protocolMappers: unknown[]
}

export interface User {
  username: string
  enabled: boolean
  realmRoles: string[]
  [more: string]: unknown
}

export interface ClientScope {
  name: string
  protocol: string
  attributes: Record<string, string>
}

/** What a household brings into its realm, for a fault to change. */
export interface Parts {
  readonly names: Household
  readonly requester: Client
  readonly login: Client
  readonly user: User
  /** A scope that is taken out here is in no realm. */
  readonly scopes: ClientScope[]
}

export type Spoil = (parts: Parts) => void

export interface RealmOptions {
  /** A household for each. */
  readonly spoils: readonly (Spoil | undefined)[]
  /** Of the realm's own representation. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Creates one realm in one call: a realm costs Keycloak a second or two, for its keys. */
export async function createRealm(
  admin: Admin,
  { spoils, facts = {} }: RealmOptions,
): Promise<readonly Household[]> {
  const realm = `realm ${mark()}`
  const all = spoils.map((spoil) => {
    const parts = createParts(nameHousehold(realm))
    spoil?.(parts)
    return parts
  })
  const scopes = all.flatMap((parts) => parts.scopes)
  await admin.ask('POST', '', {
    realm,
    enabled: true,
    sslRequired: 'external',
    accessTokenLifespan: 300,
    roles: { realm: all.map(({ names }) => ({ name: names.role })) },
    // Any client scope in a realm's representation suppresses the built-in ones.
    clientScopes: [...readBuiltInScopes(), ...scopes],
    scopeMappings: all
      .filter(({ names }) => scopes.some(({ name }) => name === names.gated))
      .map(({ names }) => ({ clientScope: names.gated, roles: [names.role] })),
    clients: all.flatMap(({ requester, login }) => [requester, login]),
    users: all.map(({ user }) => user),
    ...facts,
  })
  return all.map(({ names }) => names)
}

function createParts(names: Household): Parts {
  return {
    names,
    requester: toClient(names.requester, names, {
      secret: names.secret,
      serviceAccountsEnabled: true,
      attributes: { 'standard.token.exchange.enabled': 'true' },
      optionalClientScopes: ['profile', 'email', names.free, names.gated],
    }),
    login: toClient(names.login, names, {
      publicClient: true,
      directAccessGrantsEnabled: true,
      defaultClientScopes: ['basic', 'profile', 'email'],
    }),
    user: {
      username: names.user,
      enabled: true,
      email: `${names.user}@example.test`,
      emailVerified: true,
      firstName: 'Some',
      lastName: 'Body',
      credentials: [{ type: 'password', value: names.user, temporary: false }],
      realmRoles: [names.role],
    },
    scopes: [clientScope(names.free), clientScope(names.gated)],
  }
}

export function audienceMapper(clientId: string): unknown {
  return {
    name: `audience ${clientId}`,
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.client.audience': clientId, 'access.token.claim': 'true' },
  }
}

export function clientScope(name: string): ClientScope {
  const attributes = { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'true' }
  return { name, protocol: 'openid-connect', attributes }
}

function mark(): string {
  return randomBytes(4).toString('hex')
}

function nameHousehold(realm: string): Household {
  const api = `api${mark()}`
  return {
    realm,
    requester: `requester:${mark()}`,
    // Characters that each encoding treats in its own way.
    secret: `${mark()} +%é&=/${mark()}`,
    login: `login-${mark()}`,
    user: `user-${mark()}`,
    free: `${api}:read`,
    gated: `${api}:write`,
    role: `role-${mark()}`,
  }
}

function toClient(clientId: string, names: Household, facts: Partial<Client>): Client {
  return {
    clientId,
    enabled: true,
    publicClient: false,
    clientAuthenticatorType: 'client-secret',
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    fullScopeAllowed: false,
    consentRequired: false,
    attributes: {},
    defaultClientScopes: ['basic'],
    optionalClientScopes: [],
    protocolMappers: [audienceMapper(names.requester)],
    ...facts,
  }
}

const BUILT_IN = ['basic', 'acr', 'roles', 'profile', 'email', 'web-origins']

/** The realm that the project ships spells them out. */
function readBuiltInScopes(): unknown[] {
  const file = new URL('../../keycloak/authentication-demo.json', import.meta.url)
  const { clientScopes }: { clientScopes: { name: string }[] } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  return clientScopes.filter(({ name }) => BUILT_IN.includes(name))
}
