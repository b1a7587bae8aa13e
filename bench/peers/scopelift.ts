import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { REQUESTER } from '../../test/support/demo-servers.ts'
import type { Ground } from '../ground.ts'
import { freePort } from '../machine/free-port.ts'
import type { Program } from '../machine/program.ts'
import { startProgram } from '../machine/program.ts'
import { benchPolicy } from './bench-policy.ts'
import type { Peer } from './peer.ts'

export interface ScopeliftOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly policy?: string
}

/** The built program, with the metrics that it always has, its log in a file, and no budget for exchanges. */
export function createScopelift(name: string, program: string, version: string): Peer {
  return { name, version, stepsUp: true, start: (ground) => startScopelift(ground, program) }
}

let started = 0

export async function startScopelift(
  ground: Ground,
  program: string,
  options: ScopeliftOptions = {},
): Promise<Program> {
  started += 1
  const cwd = join(ground.folder, `scopelift-${started}`)
  await mkdir(cwd)
  const port = await freePort()
  return startProgram({
    name: 'Scopelift',
    command: process.execPath,
    args: [program],
    env: {
      ...(await scopeliftEnvironment(ground, cwd, options.policy)),
      PORT: String(port),
      ADMIN_PORT: String(await freePort()),
      ...options.env,
    },
    cwd,
    core: 'proxy',
    url: `http://127.0.0.1:${port}`,
    probePath: '/free/get',
    logFile: join(cwd, 'scopelift.log'),
  })
}

/** All settings but the ports; writes the policy into the folder. */
export async function scopeliftEnvironment(
  { keycloak, upstream }: Ground,
  folder: string,
  policy = benchPolicy(50),
): Promise<Readonly<Record<string, string>>> {
  const policyFile = join(folder, 'policy.yaml')
  await writeFile(policyFile, policy)
  return {
    NODE_ENV: 'production',
    KEYCLOAK_SERVER_URL: keycloak.url,
    KEYCLOAK_REALM: keycloak.realm,
    KEYCLOAK_CLIENT_ID: REQUESTER,
    KEYCLOAK_CLIENT_SECRET: keycloak.secret,
    KEYCLOAK_AUDIENCE: REQUESTER,
    UPSTREAM_URL: upstream.url,
    POLICY_FILE: policyFile,
    EXCHANGES_PER_MINUTE: '0',
    EXCHANGES_PER_SECOND: '0',
  }
}
