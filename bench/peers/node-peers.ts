import { join } from 'node:path'
import type { Ground } from '../ground.ts'
import type { Programs } from '../machine/compile-programs.ts'
import { freePort } from '../machine/free-port.ts'
import type { Program } from '../machine/program.ts'
import { startProgram } from '../machine/program.ts'
import type { Peer } from './peer.ts'

export const PLAIN = 'plain http-proxy'
export const CEILING = 'ceiling'

/** Our own small programs beside Scopelift. */
export function createNodePeers(httpProxyVersion: string): readonly Peer[] {
  return [
    createNodePeer(PLAIN, 'plain', `@fastify/http-proxy ${httpProxyVersion}, its defaults`),
    createNodePeer(CEILING, 'ceiling', 'Fastify + hijack + undici dispatch'),
    createNodePeer('floor', 'floor', 'node:http + undici dispatch'),
  ]
}

function createNodePeer(name: string, program: keyof Programs, version: string): Peer {
  return {
    name,
    version,
    stepsUp: false,
    start: (ground) => startNodePeer(ground, name, ground.programs[program]),
  }
}

async function startNodePeer(ground: Ground, name: string, file: string): Promise<Program> {
  const port = await freePort()
  return startProgram({
    name,
    command: process.execPath,
    args: [file],
    env: { NODE_ENV: 'production', PORT: String(port), UPSTREAM_URL: ground.upstream.url },
    cwd: ground.folder,
    core: 'proxy',
    url: `http://127.0.0.1:${port}`,
    probePath: '/free/get',
    logFile: join(ground.folder, `${name.replaceAll(' ', '-')}.log`),
  })
}
