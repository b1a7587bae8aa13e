import { isJsonObject } from '../../src/json-object.ts'
import type { BundledPackage } from './bundled-packages.ts'
import type { LockFile } from './lock-file.ts'
import { runtimePackages } from './lock-file.ts'

type Json = Readonly<Record<string, unknown>>

export interface BillOptions {
  /** What `npm sbom` says of the whole lock file, development too. */
  readonly document: unknown
  readonly lock: LockFile
  readonly bundled: readonly BundledPackage[]
  /** Of `package.json`. */
  readonly name: string
  readonly dependencies: readonly string[]
}

/**
 * Cuts npm's bill of materials (CycloneDX 1.5) down to the runtime, since `--omit=dev` also leaves out what is both a
 * dependency of a dependency and a development tool of our own. Takes out what differs from run to run: number, time, and
 * the name of the folder. Each component says whether the bundle holds code of it.
 */
export function createBill({ document, lock, bundled, name, dependencies }: BillOptions): Json {
  if (!isJsonObject(document)) throw new TypeError('npm wrote no bill of materials')
  const { serialNumber: _number, metadata, components, dependencies: edges, ...rest } = document
  const runtime = new Set(runtimePackages(lock).map(idOf))
  const inBundle = new Set(bundled.map(idOf))
  const kept = objects(components).filter((component) => runtime.has(idOf(component)))
  const refs = new Set([...kept.map(refOf), rootRef(metadata)])
  const ownRefs = new Set(
    runtimePackages(lock)
      .filter((one) => one.path === `node_modules/${one.name}` && dependencies.includes(one.name))
      .map(idOf),
  )
  return {
    ...rest,
    metadata: withoutChance(metadata, name),
    components: kept.map((component) => ({
      ...component,
      properties: [{ name: 'scopelift:bundled', value: String(inBundle.has(idOf(component))) }],
    })),
    dependencies: objects(edges)
      .filter((edge) => refs.has(String(edge['ref'])))
      .map((edge) => {
        const wanted = edge['ref'] === rootRef(metadata) ? ownRefs : refs
        const targets: readonly unknown[] = Array.isArray(edge['dependsOn'])
          ? edge['dependsOn']
          : []
        return { ...edge, dependsOn: targets.filter((target) => wanted.has(String(target))) }
      }),
  }
}

/** What is wrong with a bill, in sentences: every package of the bundle must be in it, in the same version. */
export function checkBill(bill: unknown, bundled: readonly BundledPackage[]): readonly string[] {
  if (!isJsonObject(bill) || bill['bomFormat'] !== 'CycloneDX') return ['it is not CycloneDX']
  const components = objects(bill['components'])
  const known = new Set(components.map(idOf))
  const refs = components.map(refOf)
  return [
    ...bundled
      .filter((one) => !known.has(idOf(one)))
      .map((one) => `${idOf(one)} is in the bundle and not in the bill`),
    ...components
      .filter(({ purl, hashes, licenses }) => !purl || !hashes || !licenses)
      .map((component) => `${idOf(component)} lacks purl, digest or licence`),
    ...(new Set(refs).size === refs.length ? [] : ['a bom-ref stands twice']),
    ...(/https?:\/\/(?!cyclonedx\.org)/.test(JSON.stringify(bill)) ? ['it names an address'] : []),
  ]
}

function idOf({ name, version }: { readonly name?: unknown; readonly version?: unknown }): string {
  return `${String(name)}@${String(version)}`
}

function refOf(component: Json): string {
  return String(component['bom-ref'])
}

function rootRef(metadata: unknown): string {
  const component = isJsonObject(metadata) ? metadata['component'] : undefined
  return isJsonObject(component) ? refOf(component) : ''
}

function withoutChance(metadata: unknown, name: string): Json {
  if (!isJsonObject(metadata)) return {}
  const { timestamp: _time, component, ...rest } = metadata
  return { ...rest, component: { ...(isJsonObject(component) ? component : {}), name } }
}

function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
