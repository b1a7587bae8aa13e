import { access } from 'node:fs/promises'
import { delimiter, dirname } from 'node:path'
import { dig } from '../e2e/json.ts'
import { digEntries } from './pod.ts'
import type { Ended } from './run-tool.ts'
import { runTool, runToolWell } from './run-tool.ts'

/** A real API server, and a namespace in it that refuses what is not `restricted`. */
export interface Cluster {
  readonly namespace: string
  /** For other programs: PATH, on which kubectl is found, and KUBECONFIG. */
  readonly env: Readonly<Record<'PATH' | 'KUBECONFIG', string>>
  /** Runs kubectl in the namespace; what it ends with is the caller's to judge. */
  kubectl(args: readonly string[], stdin?: string): Promise<Ended>
  close(): Promise<void>
}

export type OpenedCluster =
  | { readonly kind: 'open'; readonly cluster: Cluster }
  | { readonly kind: 'missing'; readonly reason: string }

/** Beside the checkout there may be a program that starts an API server; users name a cluster of their own. */
const NEIGHBOUR = '../shared/tools/kube-api'
const NEIGHBOUR_KUBECONFIG = '/var/tmp/kube-api/kubeconfig'
const START_DEADLINE_MS = 900_000

/** The current kubeconfig is never used by itself: it may be of a cluster that is not for tests. */
export async function openCluster(
  kubectl: string,
  print: (line: string) => void,
): Promise<OpenedCluster> {
  const given = process.env['SCOPELIFT_DEPLOY_KUBECONFIG']
  if (given) return openNamespace(kubectl, given, async () => {})
  if (await answers(kubectl, NEIGHBOUR_KUBECONFIG)) {
    return openNamespace(kubectl, NEIGHBOUR_KUBECONFIG, async () => {})
  }
  if (!(await exists(NEIGHBOUR))) {
    const reason = 'SCOPELIFT_DEPLOY_KUBECONFIG names no kubeconfig of a cluster for tests'
    return { kind: 'missing', reason }
  }
  print('· starting an API server; the first time it is built, which takes minutes')
  const started = await runTool(NEIGHBOUR, ['start'], { timeoutMs: START_DEADLINE_MS })
  if (started.code !== 0) {
    return { kind: 'missing', reason: `it cannot be started: ${lastLine(started.stderr)}` }
  }
  const stop = async () => {
    await runTool(NEIGHBOUR, ['stop'])
  }
  return openNamespace(kubectl, NEIGHBOUR_KUBECONFIG, stop)
}

async function openNamespace(
  kubectl: string,
  kubeconfig: string,
  stop: () => Promise<void>,
): Promise<OpenedCluster> {
  const namespace = `scopelift-deploy-${process.pid}`
  const path = [dirname(kubectl), process.env['PATH'] ?? ''].join(delimiter)
  const env = { PATH: path, KUBECONFIG: kubeconfig }
  const inCluster = (args: readonly string[], stdin = '') =>
    runTool(kubectl, args, { env, stdin, timeoutMs: 60_000 })
  try {
    await runToolWell(kubectl, ['create', 'namespace', namespace], { env })
    const levels = ['enforce', 'warn'].map(
      (mode) => `pod-security.kubernetes.io/${mode}=restricted`,
    )
    await runToolWell(kubectl, ['label', 'namespace', namespace, ...levels], { env })
  } catch (error) {
    await stop()
    return { kind: 'missing', reason: lastLine(error instanceof Error ? error.message : '') }
  }
  return {
    kind: 'open',
    cluster: {
      namespace,
      env,
      kubectl: (args, stdin) => inCluster(['--namespace', namespace, ...args], stdin),
      async close() {
        await removeNamespace(inCluster, namespace)
        await stop()
      },
    },
  }
}

type Kubectl = (args: readonly string[], stdin?: string) => Promise<Ended>

/** Where no controller runs, nobody else empties a namespace and takes its finalizer away. */
async function removeNamespace(kubectl: Kubectl, namespace: string): Promise<void> {
  const kinds = 'deployments,services,configmaps,secrets,serviceaccounts,networkpolicies'
  await kubectl(['--namespace', namespace, 'delete', kinds, '--all', '--wait=false'])
  await kubectl(['delete', 'namespace', namespace, '--wait=false'])
  const left = await kubectl(['get', 'namespace', namespace, '--output=json'])
  if (left.code !== 0) return
  const found: unknown = JSON.parse(left.stdout)
  if (dig(found, 'status', 'phase') !== 'Terminating') return
  const emptied = JSON.stringify(
    Object.fromEntries([...digEntries(found), ['spec', { finalizers: [] }]]),
  )
  await kubectl(
    ['replace', '--raw', `/api/v1/namespaces/${namespace}/finalize`, '--filename=-'],
    emptied,
  )
}

async function answers(kubectl: string, kubeconfig: string): Promise<boolean> {
  if (!(await exists(kubeconfig))) return false
  const env = { KUBECONFIG: kubeconfig }
  const ended = await runTool(kubectl, ['get', '--raw', '/readyz', '--request-timeout=5s'], { env })
  return ended.code === 0
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
