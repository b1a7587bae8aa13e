import { join } from 'node:path'
import type { Programs } from '../machine/compile-programs.ts'
import { freePort } from '../machine/free-port.ts'
import { findInstalled } from '../machine/installed.ts'
import type { Program } from '../machine/program.ts'
import { startProgram } from '../machine/program.ts'
import { COUNT_PATH } from './answers.ts'
import { writeNginxConf } from './nginx-conf.ts'

/** The protected resource: `/free/…` answers everybody, `/guarded/…` denies a login token, `/events` streams. */
export interface Upstream {
  readonly url: string
  readonly name: string
  /** Requests so far. */
  count(): Promise<number>
  close(): Promise<void>
}

export async function startUpstream(folder: string, programs: Programs): Promise<Upstream> {
  const events = await startNodeProgram(folder, 'events', programs.events, {})
  const nginx = findInstalled('nginx', ['-v'])
  const front =
    nginx === undefined
      ? await startNodeProgram(folder, 'upstream', programs.upstream, { EVENTS_URL: events.url })
      : await startNginx(folder, nginx.command, events.url)
  let asked = 0
  return {
    url: front.url,
    name: nginx === undefined ? `node ${process.version}` : `nginx ${nginx.version}`,
    async count() {
      const page = await (await fetch(`${front.url}${COUNT_PATH}`)).text()
      asked += 1
      // Its third number; those who ask are counted too.
      return Number(/\d+\s+\d+\s+(\d+)/.exec(page)?.[1]) - asked
    },
    async close() {
      await front.close()
      await events.close()
    },
  }
}

async function startNodeProgram(
  folder: string,
  name: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const port = await freePort()
  return startProgram({
    name,
    command: process.execPath,
    args: [file],
    env: { PORT: String(port), ...env },
    cwd: folder,
    core: 'load',
    url: `http://127.0.0.1:${port}`,
    logFile: join(folder, `${name}.log`),
  })
}

async function startNginx(folder: string, command: string, eventsUrl: string): Promise<Program> {
  const port = await freePort()
  const conf = await writeNginxConf({ folder, port, eventsUrl })
  return startProgram({
    name: 'the upstream nginx',
    command,
    args: ['-c', conf, '-p', folder],
    cwd: folder,
    core: 'load',
    url: `http://127.0.0.1:${port}`,
    logFile: join(folder, 'upstream.log'),
  })
}
