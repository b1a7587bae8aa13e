import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { startAuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { parseJsonObject } from '../../src/json-object.ts'
import { REQUESTER, REQUESTER_SECRET } from '../support/demo-servers.ts'
import type { Identities } from './identities.ts'
import { createIdentities } from './identities.ts'
import type { SidecarProcess } from './sidecar-process.ts'
import { startSidecarProcess } from './sidecar-process.ts'

/** Keycloak's stand-in with many users, and the real Scopelift before an upstream. */
export interface House {
  readonly authorizationServer: AuthorizationServer
  readonly sidecar: SidecarProcess
  readonly identities: Identities
  close(): Promise<void>
}

const USERS = 200
const REALM = new URL('../../keycloak/authentication-demo.json', import.meta.url)

export async function startHouse(options: {
  readonly upstreamUrl: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
}): Promise<House> {
  const authorizationServer = await startAuthorizationServer({
    realm: await readRealmOfMany(),
    env: { KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET },
  })
  const cwd = await mkdtemp(join(tmpdir(), 'scopelift-soak-'))
  async function closeRest(): Promise<void> {
    await authorizationServer.close()
    await rm(cwd, { recursive: true, force: true })
  }
  try {
    const sidecar = await startSidecarProcess({
      cwd,
      env: {
        KEYCLOAK_SERVER_URL: authorizationServer.url,
        KEYCLOAK_REALM: authorizationServer.realm,
        KEYCLOAK_CLIENT_ID: REQUESTER,
        KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET,
        KEYCLOAK_AUDIENCE: REQUESTER,
        UPSTREAM_URL: options.upstreamUrl,
        PORT: '0',
        ADMIN_PORT: '0',
        // The budget is at work but never spent: one run makes more exchanges than its users would.
        EXCHANGES_PER_MINUTE: '1000000',
        EXCHANGES_PER_SECOND: '1000000',
        ...options.env,
      },
      nodeOptions: options.nodeOptions ?? [],
    })
    return {
      authorizationServer,
      sidecar,
      identities: createIdentities(authorizationServer, USERS),
      async close() {
        await sidecar.close()
        await closeRest()
      },
    }
  } catch (error) {
    await closeRest()
    throw error
  }
}

/** The realm that the project ships, with more users of alice's role. */
async function readRealmOfMany(): Promise<Readonly<Record<string, unknown>>> {
  const realm = parseJsonObject(await readFile(REALM, 'utf8'))
  if (realm === undefined || !Array.isArray(realm['users']))
    throw new Error('the realm has no users')
  const more = Array.from({ length: USERS }, (_, i) => ({
    id: `soak-${i}`,
    username: `soak-${i}`,
    enabled: true,
    realmRoles: ['user'],
  }))
  return { ...realm, users: [...realm['users'], ...more] }
}
