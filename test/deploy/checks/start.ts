import assert from 'node:assert/strict'
import { waitUntil } from '../../e2e/wait-until.ts'
import type { Check } from '../check.ts'
import type { Container } from '../container.ts'
import { startContainer } from '../container.ts'
import { MODES } from '../modes.ts'
import { environmentOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'

const ROTATION_DEADLINE_MS = 10_000

const FILES = {
  'scopelift-client': { 'client-secret': 'a-secret-of-this-test\n' },
  'scopelift-assertion': { token: 'header.payload.signature' },
}

/** What is rendered is what the program takes. */
export function startChecks(renderer: Renderer): readonly Check[] {
  const needs = ['kubectl', 'helm'] as const
  return [
    ...MODES.map((mode) => ({
      sentence: `what is rendered starts, lives, is ready and ends well: ${mode.name}`,
      needs,
      async run() {
        for (const rendered of await renderer.both(mode)) {
          await withContainer(rendered, FILES, livesAndEnds)
        }
      },
    })),
    {
      sentence: 'a new policy in the ConfigMap arrives without a restart, a broken one is named',
      needs: ['kubectl'],
      async run() {
        const overlay = 'deploy/kustomize/overlays/client-secret-policy-file'
        await withContainer(await renderer.kustomize(overlay), FILES, rotatesPolicy)
      },
    },
    {
      sentence: 'without the Secret’s file it does not start, and says which setting is wrong',
      needs: ['kubectl'],
      async run() {
        const overlay = 'deploy/kustomize/overlays/client-secret-llama-stack-config'
        const rendered = await renderer.kustomize(overlay)
        await withContainer(rendered, { 'scopelift-client': {} }, async (container) => {
          await waitUntil('it ends', ROTATION_DEADLINE_MS, async () => container.log() !== '')
          assert.equal(await container.stop(), 78)
          assert.match(container.log(), /KEYCLOAK_CLIENT_SECRET_FILE/)
        })
      },
    },
  ]
}

async function withContainer(
  rendered: Rendered,
  files: Readonly<Record<string, Readonly<Record<string, string>>>>,
  work: (container: Container) => Promise<void>,
): Promise<void> {
  // A variable that names a file outside of every volume could never be read in the pod.
  for (const [name, value] of environmentOf(rendered)) {
    if (name.endsWith('_FILE')) assert.match(value, /^\/(run|etc)\/scopelift\//)
  }
  const container = await startContainer(rendered, { files })
  try {
    await work(container)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(`${rendered.name}: ${said}\n${container.log().slice(0, 1500)}`)
  } finally {
    await container.close()
  }
}

async function livesAndEnds(container: Container): Promise<void> {
  assert.equal((await container.ask('/healthz')).status, 200)
  const ready = await container.ask('/readyz')
  assert.equal(ready.status, 200, ready.body)
  assert.doesNotMatch(container.log(), /is not a setting|is not read/)
  assert.equal(await container.stop(), 0)
}

async function rotatesPolicy(container: Container): Promise<void> {
  const problems = async () => (await container.ask('/readyz')).body
  const before = await problems()
  assert.doesNotMatch(before, /POLICY_FILE/)
  await container.swap('scopelift-policy', { 'policy.yaml': 'routes: 7\n' })
  await waitUntil('the broken one is named', ROTATION_DEADLINE_MS, async () =>
    /POLICY_FILE|policy/i.test(await problems()),
  )
  await container.swap('scopelift-policy', {
    'policy.yaml': 'routes: [{ match: { path: /v1/x }, scopes: [llama:x] }]\n',
  })
  await waitUntil(
    'the good one counts',
    ROTATION_DEADLINE_MS,
    async () => !/POLICY_FILE|policy/i.test(await problems()),
  )
}
