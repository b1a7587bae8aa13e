import assert from 'node:assert/strict'
import { parseAllDocuments } from 'yaml'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { BASE_VALUES } from '../modes.ts'
import { ODD_RELEASES, ODD_VALUES } from '../odd-names.ts'
import { appOf, digEntries, digList, podOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'
import { ofKind, theOnly } from '../render.ts'

const INSTANCE = 'app.kubernetes.io/instance'
/** RFC 1035: what a Service may be called. */
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/

/** Whatever a release and its parts are called, they stay texts. */
export function nameChecks(renderer: Renderer): readonly Check[] {
  const needs = ['helm'] as const
  return [
    ...ODD_RELEASES.map((release) => ({
      sentence: `a release that is called ${release} selects its own pods, and no others`,
      needs,
      async run() {
        const values = { settings: BASE_VALUES.settings, serviceMonitor: { enabled: true } }
        const rendered = await renderer.helm(values, { release })
        selectsOwn(rendered, release)
        hasOnlyTexts(rendered)
        for (const service of ofKind(rendered, 'Service')) {
          assert.match(String(dig(service, 'metadata', 'name')), SERVICE_NAME)
        }
      },
    })),
    {
      sentence: 'values that look like numbers, switches or comments arrive as they are written',
      needs,
      run: async () => keepsValues(await renderer.helm(ODD_VALUES)),
    },
  ]
}

function selectsOwn(rendered: Rendered, release: string): void {
  const deployment = theOnly(rendered, 'Deployment')
  const policy = theOnly(rendered, 'NetworkPolicy')
  const selectors = [
    dig(deployment, 'spec', 'selector', 'matchLabels'),
    dig(deployment, 'spec', 'template', 'metadata', 'labels'),
    dig(policy, 'spec', 'podSelector', 'matchLabels'),
    ...ofKind(rendered, 'Service').map((service) => dig(service, 'spec', 'selector')),
    dig(theOnly(rendered, 'ServiceMonitor'), 'spec', 'selector', 'matchLabels'),
  ]
  for (const selector of selectors) assert.equal(dig(selector, INSTANCE), release)
}

/** By YAML 1.1 too, which Kubernetes reads: there `yes` is a switch, and 0755 an octal number. */
function hasOnlyTexts(rendered: Rendered): void {
  const names = new Set(['name', 'namespace', 'key', 'secretName', 'mountPath', 'value'])
  const walk = (node: unknown, path: string, isMap: boolean): void => {
    for (const [key, child] of digEntries(node)) {
      const here = `${path}.${key}`
      if (isMap || names.has(key)) assert.equal(typeof child, 'string', here)
      const holdsTexts = ['labels', 'annotations', 'matchLabels', 'data'].includes(key)
      walk(child, here, holdsTexts || (key === 'selector' && path === 'Service.spec'))
    }
  }
  for (const version of ['1.1', '1.2'] as const) {
    for (const document of parseAllDocuments(rendered.text, { version })) {
      const object: unknown = document.toJS()
      walk(object, String(dig(object, 'kind')), false)
    }
  }
}

function keepsValues(rendered: Rendered): void {
  hasOnlyTexts(rendered)
  const pod = podOf(rendered)
  const volumes = new Map(
    digList(pod, 'volumes').map((volume) => [String(dig(volume, 'name')), volume]),
  )
  const item = (name: string, source: string) => dig(volumes.get(name), source, 'items', 0, 'key')
  assert.equal(dig(pod, 'serviceAccountName'), 'true')
  assert.equal(dig(volumes.get('scopelift-client'), 'secret', 'secretName'), '123')
  assert.equal(item('scopelift-client', 'secret'), '1e3')
  assert.equal(item('scopelift-policy', 'configMap'), 'yes')
  assert.equal(dig(volumes.get('scopelift-ca'), 'configMap', 'name'), '0755')
  assert.equal(item('config', 'configMap'), 'null')
  const mounts = digList(appOf(rendered), 'volumeMounts')
  assert.equal(dig(mounts[0], 'mountPath'), '/etc/ogx #1')
  assert.equal(dig(appOf(rendered), 'securityContext', 'runAsUser'), 1_000_680_000)
  const policies = ofKind(rendered, 'ConfigMap').map((object) => dig(object, 'data', 'yes'))
  assert.ok(policies.includes('routes: []\n'))
}
