import assert from 'node:assert/strict'
import { stringify } from 'yaml'
import { dig, digText } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import type { Cluster } from '../cluster.ts'
import { MODES } from '../modes.ts'
import { ODD_RELEASES, ODD_VALUES } from '../odd-names.ts'
import { podOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'

const DRY_RUN = ['--dry-run=server', '--validate=strict'] as const

/** A real API server says what it takes. */
export function apiServerChecks(renderer: Renderer, cluster: Cluster): readonly Check[] {
  const kubectl = ['kubectl', 'api-server'] as const
  const both = [...kubectl, 'helm'] as const
  return [
    {
      sentence: 'the namespace refuses a pod that is not restricted, so that a refusal can be seen',
      needs: kubectl,
      async run() {
        const spec = { containers: [{ name: 'bare', image: 'bare:1' }] }
        await refuses(cluster, podManifest(spec), /violates PodSecurity "restricted/)
      },
    },
    {
      sentence: 'strict validation refuses an unknown field, so that a misspelled one can be seen',
      needs: kubectl,
      async run() {
        const spec = { containers: [{ name: 'bare', image: 'bare:1', restartpolicy: 'Always' }] }
        await refuses(cluster, podManifest(spec), /unknown field/)
      },
    },
    ...MODES.map((mode) => ({
      sentence: `strict validation takes the overlay and the chart, without a warning: ${mode.name}`,
      needs: both,
      async run() {
        const kustomize = await cluster.kubectl(['apply', ...DRY_RUN, '-k', mode.overlay])
        assert.deepEqual([kustomize.stderr, kustomize.code], ['', 0])
        const helm = await renderer.helm(mode.values, { namespace: cluster.namespace })
        await takes(cluster, helm.text)
      },
    })),
    ...ODD_RELEASES.map((release) => ({
      sentence: `strict validation takes a release that is called ${release}, and values like it`,
      needs: both,
      async run() {
        const { namespace } = cluster
        const { text } = await renderer.helm(ODD_VALUES, { namespace, release })
        await takes(cluster, text)
      },
    })),
    ...MODES.map((mode) => ({
      sentence: `the pod itself passes pod security restricted: ${mode.name}`,
      needs: both,
      async run() {
        for (const rendered of await renderer.both(mode)) {
          await takes(cluster, podManifest(podOf(rendered)))
        }
      },
    })),
    {
      sentence: 'the same pod with one privilege more is refused',
      needs: kubectl,
      async run() {
        const rendered = await renderer.kustomize(String(MODES[0]?.overlay))
        const text = podManifest(podOf(rendered))
        const widened = text.replace('allowPrivilegeEscalation: false', WIDER)
        assert.notEqual(widened, text)
        await refuses(cluster, widened, /allowPrivilegeEscalation/)
      },
    },
    {
      sentence:
        'every component is taken, beside the ServiceMonitor, whose kind is not Kubernetes’ own',
      needs: kubectl,
      async run() {
        const all = await renderer.kustomize('test/deploy/overlays/everything')
        const own = all.objects.filter((object) => dig(object, 'kind') !== 'ServiceMonitor')
        await takes(cluster, own.map((object) => stringify(object)).join('---\n'))
      },
    },
    {
      sentence: 'the cluster issues the token that Keycloak wants: audience, subject, one hour',
      needs: kubectl,
      run: () => issuesToken(renderer, cluster),
    },
  ]
}

const WIDER = 'allowPrivilegeEscalation: true'

function podManifest(spec: unknown): string {
  return stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' }, spec })
}

async function takes(cluster: Cluster, manifests: string): Promise<void> {
  const ended = await cluster.kubectl(['apply', ...DRY_RUN, '--filename=-'], manifests)
  assert.deepEqual([ended.stderr, ended.code], ['', 0])
}

async function refuses(cluster: Cluster, manifests: string, says: RegExp): Promise<void> {
  const ended = await cluster.kubectl(['apply', ...DRY_RUN, '--filename=-'], manifests)
  assert.notEqual(ended.code, 0, 'it was taken')
  assert.match(ended.stderr, says)
}

async function issuesToken(renderer: Renderer, cluster: Cluster): Promise<void> {
  const overlay = 'deploy/kustomize/overlays/federated-jwt-policy-file'
  const rendered = await renderer.kustomize(overlay)
  const account = digText(podOf(rendered), 'serviceAccountName')
  const { audience, expirationSeconds } = tokenOf(rendered)
  await cluster.kubectl(['create', 'serviceaccount', account])
  const duration = `--duration=${expirationSeconds}s`
  const issued = await cluster.kubectl([
    'create',
    'token',
    account,
    '--audience',
    audience,
    duration,
  ])
  assert.equal(issued.code, 0, issued.stderr)
  const payload = Buffer.from(issued.stdout.split('.')[1] ?? '', 'base64url').toString()
  const claims: unknown = JSON.parse(payload)
  assert.deepEqual(dig(claims, 'aud'), ['https://keycloak.example.com/realms/example'])
  assert.equal(dig(claims, 'sub'), `system:serviceaccount:${cluster.namespace}:${account}`)
  assert.equal(Number(dig(claims, 'exp')) - Number(dig(claims, 'iat')), 3600)
}

function tokenOf(rendered: Rendered): { audience: string; expirationSeconds: number } {
  const volumes = dig(podOf(rendered), 'volumes')
  const sources = (Array.isArray(volumes) ? volumes : []).map((volume: unknown) =>
    dig(volume, 'projected', 'sources', 0, 'serviceAccountToken'),
  )
  const source = sources.find((candidate) => candidate !== undefined)
  return {
    audience: digText(source, 'audience'),
    expirationSeconds: Number(dig(source, 'expirationSeconds')),
  }
}
