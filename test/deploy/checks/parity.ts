import assert from 'node:assert/strict'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { MODES } from '../modes.ts'
import { digEntries, normalise, podOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'
import { ofKind, theOnly } from '../render.ts'

/** Kustomize and Helm must not drift apart: what is compared is what a cluster makes of it. */
export function parityChecks(renderer: Renderer): readonly Check[] {
  const needs = ['kubectl', 'helm'] as const
  return MODES.flatMap((mode) => [
    {
      sentence: `Kustomize and Helm render the same pod: ${mode.name}`,
      needs,
      async run() {
        const [kustomize, helm] = await renderer.both(mode)
        assert.deepEqual(normalise(helm, podOf(helm)), normalise(kustomize, podOf(kustomize)))
      },
    },
    {
      sentence: `… and the same settings, files, Service and NetworkPolicy: ${mode.name}`,
      needs,
      async run() {
        const [kustomize, helm] = await renderer.both(mode)
        assert.deepEqual(surroundings(helm), surroundings(kustomize))
      },
    },
  ])
}

function surroundings(rendered: Rendered): unknown {
  const service = theOnly(rendered, 'Service')
  const policy = theOnly(rendered, 'NetworkPolicy')
  const deployment = theOnly(rendered, 'Deployment')
  return {
    data: ofKind(rendered, 'ConfigMap')
      .flatMap((object) => digEntries(object, 'data'))
      .map(([key, value]) => `${key}: ${String(value)}`)
      .sort(),
    ports: dig(service, 'spec', 'ports'),
    type: dig(service, 'spec', 'type'),
    policyTypes: dig(policy, 'spec', 'policyTypes'),
    ingress: dig(policy, 'spec', 'ingress'),
    replicas: dig(deployment, 'spec', 'replicas'),
    strategy: dig(deployment, 'spec', 'strategy'),
    automount: dig(theOnly(rendered, 'ServiceAccount'), 'automountServiceAccountToken'),
  }
}
