import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import type { Cluster } from '../cluster.ts'
import { runTool, runToolWell } from '../run-tool.ts'
import type { Tools } from '../tools.ts'

const PAGE = 'docs/kubernetes.md'
const WHOLE = /<!-- run whole -->\n```sh\n([\s\S]*?)```/g
const HELM = /<!-- helm -->\n```sh\nhelm install ([\s\S]*?)```/

/** The page's other chapter: a pod where there is none yet. */
export function wholePodChecks(cluster: Cluster, tools: Tools): readonly Check[] {
  return [
    {
      sentence:
        'a whole pod: the page’s commands make it, both images are those named, and it goes',
      needs: ['kubectl', 'api-server'],
      run: () => makesAndDeletes(cluster),
    },
    {
      sentence: 'a whole pod: the page’s command for Helm renders in the checkout as it stands',
      needs: ['helm'],
      async run() {
        const [, args = ''] = HELM.exec(await readFile(PAGE, 'utf8')) ?? []
        assert.ok(args)
        const script = `set -euo pipefail\nexport NAMESPACE=any\n${tools.helm} template ${args}`
        const rendered = await runToolWell('bash', ['-c', script])
        assert.match(rendered, /registry\.example\.com\/ogx:1\.5\.0/)
      },
    },
  ]
}

async function makesAndDeletes(cluster: Cluster): Promise<void> {
  const text = await readFile(PAGE, 'utf8')
  const [make, apply, remove] = Array.from(text.matchAll(WHOLE), ([, block = '']) => block)
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-page-'))
  const run = async (block = '') => {
    const { namespace, env } = cluster
    const script = `set -euo pipefail\n${block.replace('NAMESPACE=default', `NAMESPACE=${namespace}`)}`
    const ended = await runTool('bash', ['-c', script], {
      cwd: folder,
      env: { ...env, NAMESPACE: namespace },
    })
    assert.equal(ended.code, 0, `${block}\n${ended.stderr}`)
    assert.doesNotMatch(ended.stderr, /Warning/)
  }
  try {
    await cp('deploy', join(folder, 'deploy'), { recursive: true })
    await run(make)
    await run(apply)
    const made = await cluster.kubectl(['get', 'deployment/llama-stack', '--output=json'])
    const pod = ['spec', 'template', 'spec'] as const
    const deployment: unknown = JSON.parse(made.stdout)
    assert.deepEqual(
      [
        dig(deployment, ...pod, 'initContainers', 0, 'image'),
        dig(deployment, ...pod, 'containers', 0, 'image'),
      ],
      ['registry.example.com/scopelift:0.1.0', 'registry.example.com/ogx:1.5.0'],
    )
    await run(remove)
    const left = await cluster.kubectl(['get', 'deployments,configmaps', '--output=name'])
    assert.doesNotMatch(left.stdout, /llama-stack|scopelift-settings-/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
