// Kustomize and Helm, and what a real API server says to them: `npm run test:deploy`. Programs that are missing are built first;
// what still cannot be run is named, and with --require-all counts as failed. --write brings the chart's schema up to date.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createChartSettingsSchema } from './chart-settings.ts'
import type { Check, Need, Tally } from './check.ts'
import { runChecks } from './check.ts'
import { apiServerChecks } from './checks/api-server.ts'
import { chartChecks } from './checks/chart.ts'
import { hardeningChecks } from './checks/hardening.ts'
import { issuerChecks } from './checks/issuer.ts'
import { nameChecks } from './checks/names.ts'
import { networkChecks } from './checks/network.ts'
import { pageChecks } from './checks/page.ts'
import { wholePodChecks } from './checks/page-whole-pod.ts'
import { parityChecks } from './checks/parity.ts'
import { scoreChecks } from './checks/score.ts'
import { startChecks } from './checks/start.ts'
import type { Cluster } from './cluster.ts'
import { openCluster } from './cluster.ts'
import { digEntries } from './pod.ts'
import { CHART, createRenderer } from './render.ts'
import { findTools } from './tools.ts'

/** Stands in where there is none; the checks that need one are not run. */
const NO_CLUSTER: Cluster = {
  namespace: '',
  env: { PATH: '', KUBECONFIG: '' },
  kubectl: () => Promise.reject(new Error('there is no API server')),
  close: async () => {},
}

const tally: Tally = { passed: 0, failed: 0, notRun: 0 }
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(new Error(signal)))
}

if (process.argv.includes('--write')) {
  await writeSchema()
} else {
  await checkAll()
  const requiresAll = process.argv.includes('--require-all')
  if (requiresAll) tally.failed += tally.notRun
  if (interruption.signal.aborted) tally.failed++
  print(`${tally.notRun} not run${requiresAll ? ', which counts as failed' : ''}`)
  print(`${tally.passed} passed, ${tally.failed} failed`)
  process.exitCode = tally.failed > 0 ? 1 : 0
}

async function checkAll(): Promise<void> {
  const { tools, missing: missingTools } = await findTools(print)
  const missing = new Map<Need, string>(missingTools)
  const renderer = createRenderer(tools)
  const opened = missing.has('kubectl')
    ? { kind: 'missing' as const, reason: 'there is no kubectl' }
    : await openCluster(tools.kubectl, print)
  if (opened.kind === 'missing') missing.set('api-server', opened.reason)
  const cluster = opened.kind === 'open' ? opened.cluster : NO_CLUSTER
  const chapters: readonly (readonly [string, readonly Check[]])[] = [
    ['The chart', chartChecks(renderer, tools)],
    ['Odd names', nameChecks(renderer)],
    ['The issuer', issuerChecks(renderer)],
    ['One pod, two tools', parityChecks(renderer)],
    ['The pod', hardeningChecks(renderer)],
    ['The network', networkChecks(renderer)],
    ['The program in it', startChecks(renderer)],
    ['The API server', apiServerChecks(renderer, cluster)],
    ['The page, word by word', [...pageChecks(cluster), ...wholePodChecks(cluster, tools)]],
    ['kube-score', scoreChecks(renderer, tools)],
  ]
  try {
    for (const [title, checks] of chapters) {
      print(title)
      await runChecks(checks, { missing, tally, print, signal: interruption.signal })
    }
  } finally {
    await cluster.close()
  }
}

async function writeSchema(): Promise<void> {
  const file = join(CHART, 'values.schema.json')
  const schema: unknown = JSON.parse(await readFile(file, 'utf8'))
  const properties = Object.fromEntries([
    ...digEntries(schema, 'properties'),
    ['settings', createChartSettingsSchema()],
  ])
  const updated = Object.fromEntries([...digEntries(schema), ['properties', properties]])
  await writeFile(file, `${JSON.stringify(updated, null, 2)}\n`)
  print(`${file} is written; npm run format gives it its form`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
