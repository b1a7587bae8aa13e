import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'

/** Go puts what it installs where PATH often does not look; Debian puts servers in sbin. */
const FOLDERS = ['', `${homedir()}/go/bin/`, '/usr/sbin/', '/usr/local/sbin/']

export interface Installed {
  readonly command: string
  readonly version: string
}

/** `undefined` where none can be run. The version is the first one in what it says of itself. */
export function findInstalled(name: string, versionArgs: readonly string[]): Installed | undefined {
  for (const folder of FOLDERS) {
    const command = `${folder}${name}`
    const { error, stdout, stderr } = spawnSync(command, versionArgs, { encoding: 'utf8' })
    if (error === undefined) {
      // What stands in brackets is the version of its compiler.
      const said = `${stdout}${stderr}`.replaceAll(/\(.*?\)/g, '')
      const version = /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? 'of unknown version'
      return { command, version }
    }
  }
  return undefined
}
