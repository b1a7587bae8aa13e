import { isJsonObject } from '../../src/json-object.ts'
import type { LockFile } from './lock-file.ts'
import { runtimePackages } from './lock-file.ts'

type Manifest = Readonly<Record<string, unknown>>

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/

/** Each judge returns what is wrong in sentences, none where all is well. */
export function checkPins(manifest: Manifest): readonly string[] {
  return DEPENDENCY_FIELDS.flatMap((field) =>
    Object.entries(tableOf(manifest[field]))
      .filter(([, version]) => typeof version !== 'string' || !EXACT_VERSION.test(version))
      .map(([name, version]) => `${field}: ${name} is ${version}, not one version`),
  )
}

export function checkFreshness(manifest: Manifest, lock: LockFile): readonly string[] {
  const fields = [...DEPENDENCY_FIELDS, 'engines', 'bin'] as const
  const stale = fields.filter((field) => flatten(manifest[field]) !== flatten(lock.root[field]))
  return [
    ...stale.map((field) => `${field} of package.json and of the lock file differ: npm install`),
    ...(lock.version === 3 ? [] : [`lockfileVersion is ${String(lock.version)}, not 3`]),
  ]
}

/** Without addresses any registry or mirror serves; the digest says what must come. */
export function checkOrigins({ packages }: LockFile): readonly string[] {
  return packages.flatMap(({ path, resolved, integrity, isLink }) => [
    ...(resolved === undefined ? [] : [`${path} names where it comes from`]),
    ...(isLink ? [`${path} is a link`] : []),
    ...(integrity?.startsWith('sha512-') === true ? [] : [`${path} has no SHA-512 digest`]),
  ])
}

export function checkInstallScripts(lock: LockFile): readonly string[] {
  return runtimePackages(lock)
    .filter(({ hasInstallScript }) => hasInstallScript)
    .map(({ path }) => `${path} runs a script when it is installed`)
}

/** Two majors of the HTTP client have two kinds of dispatcher: the interceptor would be handed the wrong one. */
export function checkUndici(lock: LockFile): readonly string[] {
  const found = runtimePackages(lock).filter(({ name }) => name === 'undici')
  const majors = new Set(found.map(({ version }) => version.split('.')[0]))
  return majors.size === 1
    ? []
    : [
        `undici in ${majors.size} majors: ${found.map(({ path, version }) => `${path} ${version}`).join(', ')}`,
      ]
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {}
}

function flatten(value: unknown): string {
  return JSON.stringify(Object.entries(tableOf(value)).sort())
}
