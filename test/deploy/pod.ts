import { dig, digText } from '../e2e/json.ts'
import type { Rendered } from './render.ts'
import { ofKind, theOnly } from './render.ts'

/** The elements of a list, none where there is no list. */
export function digList(value: unknown, ...keys: readonly (string | number)[]): readonly unknown[] {
  const found = dig(value, ...keys)
  return Array.isArray(found) ? found : []
}

export function podOf(rendered: Rendered): unknown {
  return dig(theOnly(rendered, 'Deployment'), 'spec', 'template', 'spec')
}

/** Scopelift's container: the native sidecar. */
export function sidecarOf(rendered: Rendered): unknown {
  const found = digList(podOf(rendered), 'initContainers').find(
    (container) => dig(container, 'name') === 'scopelift',
  )
  if (found === undefined) throw new Error(`${rendered.name}: no sidecar`)
  return found
}

export function appOf(rendered: Rendered): unknown {
  return dig(podOf(rendered), 'containers', 0)
}

export function dataOf(rendered: Rendered, configMap: string): ReadonlyMap<string, string> {
  const found = ofKind(rendered, 'ConfigMap').find(
    (object) => dig(object, 'metadata', 'name') === configMap,
  )
  return new Map(digEntries(found, 'data').map(([key, value]) => [key, String(value)]))
}

/** The fields of an object, none where there is no object. */
export function digEntries(
  value: unknown,
  ...keys: readonly (string | number)[]
): readonly (readonly [string, unknown])[] {
  const found = dig(value, ...keys)
  return typeof found === 'object' && found !== null ? Object.entries(found) : []
}

/** The environment that the kubelet gives the sidecar: first the ConfigMaps, then what stands in the container itself. */
export function environmentOf(rendered: Rendered): ReadonlyMap<string, string> {
  const sidecar = sidecarOf(rendered)
  const variables = new Map<string, string>()
  for (const source of digList(sidecar, 'envFrom')) {
    const data = dataOf(rendered, digText(source, 'configMapRef', 'name'))
    for (const [name, value] of data) variables.set(name, value)
  }
  for (const variable of digList(sidecar, 'env')) {
    variables.set(digText(variable, 'name'), digText(variable, 'value'))
  }
  return variables
}

const SORTED_BY: Readonly<Record<string, string>> = {
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
}

/**
 * A copy in which nothing depends on who made it: generated names are replaced by what a ConfigMap holds, and lists whose
 * order does not count are sorted.
 */
export function normalise(rendered: Rendered, value: unknown): unknown {
  const roles = new Map(
    ofKind(rendered, 'ConfigMap').map((object) => [
      digText(object, 'metadata', 'name'),
      `ConfigMap of ${digEntries(object, 'data')
        .map(([key]) => key)
        .sort()}`,
    ]),
  )
  const walk = (node: unknown, key: string): unknown => {
    if (Array.isArray(node)) {
      const items = node.map((item) => walk(item, ''))
      const by = SORTED_BY[key]
      return by === undefined ? items : items.toSorted((a, b) => compare(dig(a, by), dig(b, by)))
    }
    if (typeof node !== 'object' || node === null) return node
    const entries = Object.entries(node).map(([name, child]: [string, unknown]) => {
      const isReference = name === 'name' && key.startsWith('configMap')
      return [name, isReference ? (roles.get(String(child)) ?? child) : walk(child, name)] as const
    })
    return Object.fromEntries(entries)
  }
  return walk(value, '')
}

function compare(left: unknown, right: unknown): number {
  return String(left) < String(right) ? -1 : 1
}
