import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Go puts what it installs where PATH often does not look; Debian puts servers in sbin. */
const FOLDERS = (process.env['PATH'] ?? '')
  .split(':')
  .concat([`${homedir()}/go/bin`, '/usr/sbin', '/usr/local/sbin'])

export interface Installed {
  readonly command: string
  readonly version: string
}

/** `undefined` where none can be run. The version is the first one in what it says of itself. */
export function findInstalled(name: string, versionArgs: readonly string[]): Installed | undefined {
  for (const folder of FOLDERS) {
    const command = join(folder, name)
    const { error, stdout, stderr } = spawnSync(command, versionArgs, { encoding: 'utf8' })
    if (error === undefined) {
      // What stands in brackets is the version of its compiler.
      const said = `${stdout}${stderr}`.replaceAll(/\(.*?\)/g, '')
      const version = VERSION.exec(said)?.[0] ?? askGo(command) ?? 'of unknown version'
      return { command, version }
    }
  }
  return undefined
}

const VERSION = /\d+\.\d+(\.\d+)?/

const GO = 'go'

/** A program of `go install` may not know its own version; its module's is written into it. */
function askGo(command: string): string | undefined {
  const { stdout } = spawnSync(GO, ['version', '-m', command], { encoding: 'utf8' })
  return /^\tmod\t\S+\tv(\S+)/m.exec(stdout ?? '')?.[1]
}
