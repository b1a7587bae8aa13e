import assert from 'node:assert/strict'

export type Step = 'settings' | 'secret' | 'files' | 'audience' | 'patch' | 'service' | 'policy'

/** What a block of the page is, by what it does. */
const STEPS: readonly (readonly [Step, RegExp])[] = [
  ['settings', /create configmap scopelift-settings/],
  ['secret', /create secret generic/],
  ['files', /cat > my-sidecar\/kustomization\.yaml/],
  ['patch', /^kubectl kustomize my-sidecar \|/],
  ['service', /patch service/],
  ['policy', /kind: NetworkPolicy/],
  ['audience', /components\/federated-jwt/],
]

/** One way through the page. */
export interface Way {
  readonly what: string
  readonly order: readonly Step[]
  /** The volume that only this way adds. */
  readonly credential: string
  /** What the pod gets to run as. */
  readonly account?: Readonly<Record<'serviceAccount' | 'serviceAccountName', string>>
}

export const WAYS: readonly Way[] = [
  {
    what: 'with a secret',
    order: ['settings', 'secret', 'files', 'patch', 'service', 'policy'],
    credential: 'scopelift-client',
  },
  {
    what: 'without a secret',
    order: ['settings', 'files', 'audience', 'patch', 'service', 'policy'],
    credential: 'scopelift-assertion',
    account: { serviceAccount: 'llama-stack', serviceAccountName: 'llama-stack' },
  },
]

/** The blocks by what they do; fails where there are others, or some are missing. */
export function toSteps(blocks: readonly string[]): ReadonlyMap<Step, string> {
  const steps = new Map(
    blocks.map((block) => {
      const [step] = STEPS.find(([, does]) => does.test(block)) ?? []
      assert.ok(step, `a step that this check does not know:\n${block}`)
      return [step, block] as const
    }),
  )
  assert.deepEqual([steps.size, blocks.length], [STEPS.length, STEPS.length])
  return steps
}
