import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import type { Cluster } from '../cluster.ts'
import type { Step, Way } from '../page-steps.ts'
import { toSteps, WAYS } from '../page-steps.ts'
import { digEntries, digList } from '../pod.ts'
import { runTool } from '../run-tool.ts'

const PAGE = 'docs/kubernetes.md'
const RUN = /<!-- run -->\n```sh\n([\s\S]*?)```/g
const BACK = /### The way back\n[^`]*```sh\n([\s\S]*?)```/

/** A pod as people have it, before they have heard of Scopelift. */
const EXISTING = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ogx }
spec:
  selector: { matchExpressions: [{ key: app, operator: In, values: [ogx] }] }
  template:
    metadata: { labels: { app: ogx, tier: api } }
    spec:
      initContainers:
        - { name: fetch, image: "fetch:1", securityContext: &restricted { runAsNonRoot: true, runAsUser: 2000, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] }, seccompProfile: { type: RuntimeDefault } } }
      containers:
        - name: ogx
          image: ogx:1.5.0
          securityContext: *restricted
          ports: [{ name: http, containerPort: 8321 }]
          volumeMounts: [{ name: config, mountPath: /etc/ogx }]
      volumes: [{ name: config, configMap: { name: ogx-config } }]
---
apiVersion: v1
kind: Service
metadata: { name: ogx }
spec: { selector: { app: ogx }, ports: [{ port: 8321, targetPort: http }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ogx-config }
data: { config.yaml: "server: {}" }
`

/** What Keycloak wants, for the settings of the page. */
const TOKEN = {
  path: 'token',
  audience: 'https://keycloak.example.com/realms/example',
  expirationSeconds: 3600,
} as const

/** The commands of the page are run as they stand there; only the namespace is another. */
export function pageChecks(cluster: Cluster): readonly Check[] {
  const needs = ['kubectl', 'api-server'] as const
  return [
    ...WAYS.map((way) => ({
      sentence: `into an existing pod, ${way.what}: the page’s commands add Scopelift and nothing else, and take it away again`,
      needs,
      run: () => withPage(cluster, (page) => addsSidecar(cluster, page, way)),
    })),
    {
      sentence: 'every link and component that the page names is there',
      run: namesWhatIsThere,
    },
  ]
}

interface Page {
  /** Runs a block, as the one before left the folder. */
  run(block: string): Promise<void>
  readonly blocks: ReadonlyMap<Step, string>
  readonly back: string
}

async function withPage(cluster: Cluster, work: (page: Page) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-page-'))
  try {
    await cp('deploy', join(folder, 'deploy'), { recursive: true })
    await mkdir(join(folder, 'my-sidecar'))
    await writeFile(join(folder, 'my-sidecar/client-secret'), 'a-secret-of-this-test\n')
    const text = await readFile(PAGE, 'utf8')
    const [first = '', ...others] = Array.from(text.matchAll(RUN), ([, block = '']) => block)
    const names = first.replace('NAMESPACE=default', `NAMESPACE=${cluster.namespace}`)
    await work({
      blocks: toSteps(others),
      back: BACK.exec(text)?.[1] ?? '',
      async run(block) {
        const script = `set -euo pipefail\n${names}\n${block}`
        const ended = await runTool('bash', ['-c', script], { cwd: folder, env: cluster.env })
        assert.equal(ended.code, 0, `${block}\n${ended.stderr}`)
        assert.doesNotMatch(ended.stderr, /Warning/)
      },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function addsSidecar(cluster: Cluster, page: Page, way: Way): Promise<void> {
  // What an earlier way or check has left.
  const left = [
    'deployment/ogx',
    'configmap/scopelift-settings',
    'secret/scopelift-client',
    'serviceaccount/llama-stack',
  ]
  await cluster.kubectl(['delete', '--ignore-not-found', ...left])
  const made = await cluster.kubectl(['apply', '--filename=-'], EXISTING)
  assert.equal(made.code, 0, made.stderr)
  const before = await read(cluster, 'deployment/ogx')
  for (const step of way.order) await page.run(page.blocks.get(step) ?? '')
  // Settings are changed when all of it is in use, and what was before must not be forgotten with that.
  await page.run(page.blocks.get('settings') ?? '')

  const after = await read(cluster, 'deployment/ogx')
  const pod = ['spec', 'template', 'spec'] as const
  const sidecar = digList(after, ...pod, 'initContainers').find(
    (container) => dig(container, 'name') === 'scopelift',
  )
  assert.equal(dig(sidecar, 'restartPolicy'), 'Always')
  assert.equal(dig(sidecar, 'image'), 'registry.example.com/scopelift:0.1.0')
  assert.deepEqual(withoutOurs(after), {
    ...withoutOurs(before),
    enableServiceLinks: false,
    ...way.account,
  })
  const volumes = new Map(
    digList(after, ...pod, 'volumes').map((volume) => [dig(volume, 'name'), volume]),
  )
  const config = volumes.get('scopelift-llama-stack-config')
  assert.equal(dig(config, 'configMap', 'name'), 'ogx-config')
  assert.deepEqual(
    WAYS.map(({ credential }) => volumes.has(credential)),
    WAYS.map(({ credential }) => credential === way.credential),
  )
  const token = dig(volumes.get('scopelift-assertion'), 'projected', 'sources', 0)
  if (token !== undefined) assert.deepEqual(token, { serviceAccountToken: TOKEN })
  const service = await read(cluster, 'service/ogx')
  assert.equal(dig(service, 'spec', 'ports', 0, 'targetPort'), 8322)
  const policy = await read(cluster, 'networkpolicy/scopelift')
  // An empty one would close every pod of the namespace.
  assert.deepEqual(dig(policy, 'spec', 'podSelector'), dig(before, 'spec', 'selector'))

  await page.run(page.back)
  const restored = await read(cluster, 'deployment/ogx')
  assert.deepEqual(dig(restored, ...pod), dig(before, ...pod))
  const again = await read(cluster, 'service/ogx')
  assert.equal(dig(again, 'spec', 'ports', 0, 'targetPort'), 'http')
  await isGone(cluster, ['configmap/scopelift-settings', 'secret/scopelift-client'])
  await isGone(cluster, ['networkpolicy/scopelift'])
}

/** The pod without what is Scopelift's. */
function withoutOurs(deployment: unknown): Readonly<Record<string, unknown>> {
  const isOurs = (item: unknown) => String(dig(item, 'name')).startsWith('scopelift')
  const entries = digEntries(deployment, 'spec', 'template', 'spec')
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      Array.isArray(value) ? value.filter((item) => !isOurs(item)) : value,
    ]),
  )
}

async function read(cluster: Cluster, name: string): Promise<unknown> {
  const ended = await cluster.kubectl(['get', name, '--output=json'])
  assert.equal(ended.code, 0, ended.stderr)
  return JSON.parse(ended.stdout)
}

async function isGone(cluster: Cluster, names: readonly string[]): Promise<void> {
  const ended = await cluster.kubectl(['get', '--ignore-not-found', '--output=name', ...names])
  assert.deepEqual([ended.stdout, ended.code], ['', 0])
}

async function namesWhatIsThere(): Promise<void> {
  const text = await readFile(PAGE, 'utf8')
  const links = Array.from(text.matchAll(/\]\((?!#|http)([^)#]+)/g), ([, path = '']) => path)
  const components = text.matchAll(/deploy\/kustomize\/components\/([\w-]+)/g)
  assert.ok(links.length > 2)
  for (const path of links) await readFile(join('docs', path))
  for (const [, name = ''] of components) {
    await readFile(join('deploy/kustomize/components', name, 'kustomization.yaml'))
  }
}
