import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Keycloak } from './keycloak/start-keycloak.ts'
import { startKeycloak } from './keycloak/start-keycloak.ts'
import type { Programs } from './machine/compile-programs.ts'
import { compilePrograms } from './machine/compile-programs.ts'
import { pinPid } from './machine/cores.ts'
import type { Upstream } from './upstream/upstream.ts'
import { startUpstream } from './upstream/upstream.ts'

/** What every proxy stands on: an upstream, Keycloak, a folder of its own. */
export interface Ground {
  readonly folder: string
  readonly programs: Programs
  readonly upstream: Upstream
  readonly keycloak: Keycloak
  /** A caller who has logged in, and the file that holds the token for the load generator. */
  readonly token: string
  readonly tokenFile: string
  close(): Promise<void>
}

export async function layGround(): Promise<Ground> {
  pinPid('load', process.pid)
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const programs = await compilePrograms()
  const upstream = await startUpstream(folder, programs)
  const keycloak = await startKeycloak()
  const [token = ''] = await keycloak.mint(1)
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, `${token}\n`)
  return {
    folder,
    programs,
    upstream,
    keycloak,
    token,
    tokenFile,
    async close() {
      await keycloak.close()
      await upstream.close()
    },
  }
}
