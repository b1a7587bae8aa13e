import { parseAllDocuments } from 'yaml'
import { dig } from '../e2e/json.ts'
import type { Mode } from './modes.ts'
import type { Ended } from './run-tool.ts'
import { runTool, runToolWell } from './run-tool.ts'
import type { Tools } from './tools.ts'

/** A set of manifests, as text and as the objects in it. */
export interface Rendered {
  /** `kustomize` or `helm`, and the mode. */
  readonly name: string
  readonly text: string
  readonly objects: readonly unknown[]
}

export interface HelmTarget {
  readonly namespace?: string
  readonly release?: string
}

export interface Renderer {
  kustomize(folder: string): Promise<Rendered>
  helm(values: Readonly<Record<string, unknown>>, target?: HelmTarget): Promise<Rendered>
  /** For values that may be refused. */
  tryHelm(values: Readonly<Record<string, unknown>>): Promise<Ended>
  /** Both renderings of a mode. */
  both(mode: Mode): Promise<readonly [kustomize: Rendered, helm: Rendered]>
}

export const CHART = 'deploy/helm/scopelift'
const RELEASE = 'llama-stack'

export function createRenderer(tools: Tools): Renderer {
  const helmArgs = ({ namespace = 'default', release = RELEASE }: HelmTarget) => [
    'template',
    release,
    CHART,
    '--namespace',
    namespace,
    '--values',
    '-',
  ]

  async function kustomize(folder: string): Promise<Rendered> {
    return toRendered(
      `kustomize ${folder}`,
      await runToolWell(tools.kubectl, ['kustomize', folder]),
    )
  }

  async function helm(values: Readonly<Record<string, unknown>>, target: HelmTarget = {}) {
    const stdin = JSON.stringify(values)
    return toRendered('helm', await runToolWell(tools.helm, helmArgs(target), { stdin }))
  }

  return {
    kustomize,
    helm,
    tryHelm: (values) => runTool(tools.helm, helmArgs({}), { stdin: JSON.stringify(values) }),
    both: async (mode) => [await kustomize(mode.overlay), await helm(mode.values)],
  }
}

function toRendered(name: string, text: string): Rendered {
  const documents = parseAllDocuments(text)
  const objects = Array.from(documents, (document): unknown => document.toJS())
  return { name, text, objects: objects.filter((object) => object !== null) }
}

/** The objects of a kind. */
export function ofKind(rendered: Rendered, kind: string): readonly unknown[] {
  return rendered.objects.filter((object) => dig(object, 'kind') === kind)
}

/** The only object of a kind. */
export function theOnly(rendered: Rendered, kind: string): unknown {
  const [one, ...more] = ofKind(rendered, kind)
  if (one === undefined || more.length > 0) {
    throw new Error(`${rendered.name}: there is not exactly one ${kind}`)
  }
  return one
}
