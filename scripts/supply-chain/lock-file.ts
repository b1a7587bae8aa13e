import { isJsonObject } from '../../src/json-object.ts'

/** One package of `package-lock.json` (version 3), at one place of the tree. */
export interface LockedPackage {
  /** `node_modules/a/node_modules/b`. */
  readonly path: string
  readonly name: string
  readonly version: string
  readonly resolved: string | undefined
  readonly integrity: string | undefined
  /** An SPDX expression. */
  readonly license: string | undefined
  /** Whether nothing but development needs it. */
  readonly isDev: boolean
  readonly hasInstallScript: boolean
  readonly isLink: boolean
}

export interface LockFile {
  readonly version: unknown
  /** What the lock file knows of `package.json`. */
  readonly root: Readonly<Record<string, unknown>>
  readonly packages: readonly LockedPackage[]
}

export function parseLockFile(text: string): LockFile {
  const document: unknown = JSON.parse(text)
  if (!isJsonObject(document)) throw new TypeError('package-lock.json is no JSON object')
  const { lockfileVersion: version, packages } = document
  if (!isJsonObject(packages)) throw new TypeError('package-lock.json has no packages')
  const entries = Object.entries(packages).map(([path, entry]): [string, Entry] => [
    path,
    isJsonObject(entry) ? entry : {},
  ])
  return {
    version,
    root: entries.find(([path]) => path === '')?.[1] ?? {},
    packages: entries
      .filter(([path]) => path !== '')
      .map(([path, entry]) => toPackage(path, entry)),
  }
}

/** What is installed with `--omit=dev`, and so what may be in the bundle. */
export function runtimePackages({ packages }: LockFile): readonly LockedPackage[] {
  return packages.filter(({ isDev }) => !isDev)
}

type Entry = Readonly<Record<string, unknown>>

const MODULES = 'node_modules/'

function toPackage(path: string, entry: Entry): LockedPackage {
  return {
    path,
    // An alias (`npm:`) has a name of its own.
    name: textOf(entry['name']) ?? path.slice(path.lastIndexOf(MODULES) + MODULES.length),
    version: textOf(entry['version']) ?? '',
    resolved: textOf(entry['resolved']),
    integrity: textOf(entry['integrity']),
    license: textOf(entry['license']),
    isDev: entry['dev'] === true,
    hasInstallScript: entry['hasInstallScript'] === true,
    isLink: entry['link'] === true,
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
