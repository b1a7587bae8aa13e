import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { BASE_VALUES, MODES } from '../modes.ts'
import { appOf, dataOf, digEntries, digList, environmentOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'
import { ofKind, theOnly } from '../render.ts'

const SCOPELIFT_PORT = 8322
const ADMIN_PORT = 8323
const APP_PORT = 8321

export function networkChecks(renderer: Renderer): readonly Check[] {
  const needs = ['kubectl', 'helm'] as const
  const forEach = (check: (rendered: Rendered) => void) => async () => {
    for (const mode of MODES) for (const rendered of await renderer.both(mode)) check(rendered)
  }
  return [
    { sentence: 'a rule that opens another port is recognised', run: async () => recognises() },
    {
      sentence: 'of the pod, only Scopelift’s port is open: neither the app’s nor the admin port',
      needs,
      run: forEach((rendered) => {
        assert.deepEqual(openPorts(theOnly(rendered, 'NetworkPolicy')), [SCOPELIFT_PORT])
      }),
    },
    {
      sentence: 'the NetworkPolicy and the Service select the pod',
      needs,
      run: forEach((rendered) => {
        const policy = theOnly(rendered, 'NetworkPolicy')
        selectsPod(rendered, dig(policy, 'spec', 'podSelector', 'matchLabels'))
        selectsPod(rendered, dig(theOnly(rendered, 'Service'), 'spec', 'selector'))
      }),
    },
    {
      sentence: 'the component takes a selector whole, also one without matchLabels',
      needs: ['kubectl'],
      async run() {
        const rendered = await renderer.kustomize('test/deploy/overlays/expressions')
        const selector = dig(theOnly(rendered, 'Deployment'), 'spec', 'selector')
        const policy = theOnly(rendered, 'NetworkPolicy')
        assert.deepEqual(dig(policy, 'spec', 'podSelector'), selector)
      },
    },
    {
      sentence: 'the Service leads to the port that Scopelift listens on, for all of the pod',
      needs,
      run: forEach((rendered) => {
        const ports = digList(theOnly(rendered, 'Service'), 'spec', 'ports')
        assert.deepEqual(
          ports.map((port) => dig(port, 'targetPort')),
          [SCOPELIFT_PORT],
        )
        assert.equal(environmentOf(rendered).get('HOST'), '0.0.0.0')
        assert.equal(environmentOf(rendered).get('PORT'), String(SCOPELIFT_PORT))
      }),
    },
    {
      sentence: 'another port of the app counts for its configuration, its probes and Scopelift',
      needs: ['helm'],
      async run() {
        for (const port of [9000, 8321]) {
          followsPort(await renderer.helm({ ...BASE_VALUES, llamaStack: { port } }), port)
        }
      },
    },
    {
      sentence: 'a ServiceMonitor finds the metrics, and only Prometheus’ namespace may ask (Helm)',
      needs: ['helm'],
      async run() {
        monitors(await renderer.helm({ ...BASE_VALUES, serviceMonitor: { enabled: true } }))
      },
    },
    {
      sentence: 'the same by the Kustomize component',
      needs: ['kubectl'],
      run: async () => monitors(await renderer.kustomize('test/deploy/overlays/everything')),
    },
    {
      sentence: 'egress is restricted where the values say so',
      needs: ['helm'],
      async run() {
        const egress = [{ ports: [{ port: 443 }] }]
        const rendered = await renderer.helm({ ...BASE_VALUES, networkPolicy: { egress } })
        const policy = theOnly(rendered, 'NetworkPolicy')
        assert.deepEqual(dig(policy, 'spec', 'policyTypes'), ['Ingress', 'Egress'])
        assert.deepEqual(dig(policy, 'spec', 'egress'), egress)
      },
    },
  ]
}

function followsPort(rendered: Rendered, port: number): void {
  assert.equal(environmentOf(rendered).get('UPSTREAM_URL'), `http://127.0.0.1:${port}`)
  const config = dataOf(rendered, 'llama-stack-llama-stack-config').get('config.yaml')
  assert.equal(dig(parse(String(config)), 'server', 'port'), port)
  for (const probe of ['startupProbe', 'readinessProbe']) {
    const program = String(dig(appOf(rendered), probe, 'exec', 'command', 2))
    assert.ok(program.includes(`HTTPConnection('127.0.0.1', ${port}, timeout`), program)
  }
}

/** The ports that anybody may reach; `all` where a rule names none, or one that is not a single number. */
function openPorts(policy: unknown): 'all' | readonly number[] {
  const open: number[] = []
  for (const rule of digList(policy, 'spec', 'ingress')) {
    if (digList(rule, 'from').length > 0) continue
    const ports = digList(rule, 'ports')
    if (ports.length === 0) return 'all'
    for (const port of ports) {
      const number = dig(port, 'port')
      if (typeof number !== 'number' || dig(port, 'endPort') !== undefined) return 'all'
      open.push(number)
    }
  }
  return open
}

function recognises(): void {
  const policy = (ingress: unknown) => ({ spec: { ingress } })
  assert.equal(openPorts(policy([{}])), 'all')
  assert.equal(openPorts(policy([{ ports: [{ port: 'http' }] }])), 'all')
  assert.equal(openPorts(policy([{ ports: [{ port: 8000, endPort: 9000 }] }])), 'all')
  assert.deepEqual(openPorts(policy([{ ports: [{ port: APP_PORT }] }])), [APP_PORT])
}

function selectsPod(rendered: Rendered, selector: unknown): void {
  const labels = dig(theOnly(rendered, 'Deployment'), 'spec', 'template', 'metadata', 'labels')
  const wanted = digEntries(selector)
  assert.ok(wanted.length > 0, 'an empty selector selects every pod')
  for (const [name, value] of wanted) assert.equal(dig(labels, name), value)
}

function monitors(rendered: Rendered): void {
  const monitor = theOnly(rendered, 'ServiceMonitor')
  const wanted = digEntries(monitor, 'spec', 'selector', 'matchLabels')
  const found = ofKind(rendered, 'Service').filter((service) =>
    wanted.every(([name, value]) => dig(service, 'metadata', 'labels', name) === value),
  )
  assert.equal(found.length, 1, 'it must find one Service, not the one of the callers')
  const [port] = digList(found[0], 'spec', 'ports')
  assert.equal(dig(port, 'name'), dig(monitor, 'spec', 'endpoints', 0, 'port'))
  assert.equal(dig(port, 'targetPort'), ADMIN_PORT)
  selectsPod(rendered, dig(found[0], 'spec', 'selector'))
  const policies = ofKind(rendered, 'NetworkPolicy')
  const rules = policies.flatMap((policy) => digList(policy, 'spec', 'ingress'))
  const forMetrics = rules.filter((rule) => dig(rule, 'ports', 0, 'port') === ADMIN_PORT)
  assert.equal(forMetrics.length, 1)
  assert.ok(dig(forMetrics[0], 'from', 0, 'namespaceSelector', 'matchLabels'))
  for (const policy of policies) assert.ok(openPorts(policy) !== 'all')
}
