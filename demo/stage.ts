import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AuthorizationServer } from './authorization-server/start-authorization-server.ts'
import { startAuthorizationServer } from './authorization-server/start-authorization-server.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'
import type { ProtectedResource } from './protected-resource/start-protected-resource.ts'
import { startProtectedResource } from './protected-resource/start-protected-resource.ts'
import type { Sidecar } from './sidecar.ts'
import { DemoError, startSidecar } from './sidecar.ts'

/** The three servers of the demo. */
export interface Stage {
  readonly authorizationServer: AuthorizationServer
  readonly llamaStack: ProtectedResource
  readonly scopelift: Sidecar
  /** With which Scopelift runs, but for its ports: what another command of the program needs to see the same. */
  readonly settings: Readonly<Record<string, string>>
  close(): Promise<void>
}

export const LOGIN_CLIENT = 'scopelift-login'
const REQUESTER_CLIENT = 'authentication-demo'
const POLICY = fileURLToPath(new URL('policy.yaml', import.meta.url))

/** Opens the servers on their usual ports, or on free ones where these are taken, and closes in reverse what it opened. */
export async function openStage(): Promise<Stage> {
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (let end = opened.pop(); end !== undefined; end = opened.pop()) await end()
  }
  try {
    const secret = randomBytes(24).toString('base64url')
    const env = { KEYCLOAK_CLIENT_SECRET: secret }
    const authorizationServer = await startAuthorizationServer({ env, port: await portOr0(8002) })
    opened.push(() => authorizationServer.close())

    const llamaStack = await startProtectedResource({
      port: await portOr0(8321),
      issuer: authorizationServer.issuer,
      jwksUri: authorizationServer.jwksUri,
      audience: REQUESTER_CLIENT,
    })
    opened.push(() => llamaStack.close())

    const folder = await mkdtemp(join(tmpdir(), 'scopelift-demo-'))
    opened.push(() => rm(folder, { recursive: true, force: true }))
    const secretFile = join(folder, 'client-secret')
    await writeFile(secretFile, secret, { mode: 0o600 })

    const settings = {
      KEYCLOAK_SERVER_URL: authorizationServer.url,
      KEYCLOAK_REALM: authorizationServer.realm,
      KEYCLOAK_CLIENT_ID: REQUESTER_CLIENT,
      KEYCLOAK_CLIENT_SECRET_FILE: secretFile,
      KEYCLOAK_AUDIENCE: REQUESTER_CLIENT,
      UPSTREAM_URL: llamaStack.url,
      POLICY_FILE: POLICY,
    }
    const ports = {
      PORT: String(await portOr0(8322)),
      ADMIN_PORT: String(await portOr0(8323)),
    }
    const scopelift = await startSidecar({ cwd: folder, env: { ...settings, ...ports } })
    opened.push(() => scopelift.close())
    return { authorizationServer, llamaStack, scopelift, settings, close }
  } catch (error) {
    await close()
    throw isPortTaken(error)
      ? new DemoError(
          'A port was taken while the demo started. Start it again: it takes free ones.',
        )
      : error
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/** The port where it is free, else 0, which lets the system choose. */
async function portOr0(port: number): Promise<number> {
  try {
    const probe = await listenOnLoopback(createServer(), port)
    await probe.close()
    return port
  } catch {
    return 0
  }
}
