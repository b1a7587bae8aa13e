import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ground } from '../ground.ts'
import { freePort } from '../machine/free-port.ts'
import { findInstalled } from '../machine/installed.ts'
import { startProgram } from '../machine/program.ts'
import type { MissingPeer, Peer } from './peer.ts'
import type { PeerConfiguration } from './peer-configurations.ts'
import { CADDY, HAPROXY, NGINX, OAUTH2_PROXY } from './peer-configurations.ts'

const CONFIGURATIONS: readonly PeerConfiguration[] = [NGINX, HAPROXY, CADDY, OAUTH2_PROXY]

/** What a user would pick instead, as far as it is installed. */
export function findInstalledPeers(): {
  readonly peers: readonly Peer[]
  readonly missing: readonly MissingPeer[]
} {
  const peers: Peer[] = []
  const missing: MissingPeer[] = []
  for (const configuration of CONFIGURATIONS) {
    const { name } = configuration
    const found = findInstalled(name, configuration.versionArgs)
    if (found === undefined) missing.push({ name })
    else
      peers.push({
        name,
        version: `${name} ${found.version}, ${configuration.remark}`,
        stepsUp: false,
        start: (ground) => startInstalled(ground, configuration, found.command),
      })
  }
  return { peers, missing }
}

async function startInstalled(ground: Ground, configuration: PeerConfiguration, command: string) {
  const { name } = configuration
  const cwd = join(ground.folder, `peer-${name}`)
  await mkdir(cwd)
  const port = await freePort()
  const place = { folder: cwd, port, upstream: ground.upstream.url, keycloak: ground.keycloak }
  const file = join(cwd, 'configuration')
  await writeFile(file, configuration.text(place))
  return startProgram({
    name,
    command,
    args: configuration.args(file),
    env: { HOME: cwd },
    cwd,
    core: 'proxy',
    url: `http://127.0.0.1:${port}`,
    probePath: '/free/get',
    logFile: join(cwd, 'log'),
  })
}
