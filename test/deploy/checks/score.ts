import assert from 'node:assert/strict'
import { dig, digText } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { MODES } from '../modes.ts'
import { digList } from '../pod.ts'
import type { Renderer } from '../render.ts'
import { runTool } from '../run-tool.ts'
import type { Tools } from '../tools.ts'

/** What kube-score finds and we leave, with the reason. */
const LEFT: ReadonlyMap<string, string> = new Map([
  ['container-resources', 'no CPU limit: it would only slow an answer down; memory has one'],
  ['container-image-pull-policy', 'tags are not moved, and a node must start without the registry'],
  ['container-security-context-user-group-id', 'both images run as uid 1000, by number'],
  ['pod-networkpolicy', 'egress is the operator’s: which models the app calls is not known here'],
])
const CRITICAL = 1

export function scoreChecks(renderer: Renderer, tools: Tools): readonly Check[] {
  return MODES.map((mode) => ({
    sentence: `kube-score finds nothing critical but what is left for a reason: ${mode.name}`,
    needs: ['kubectl', 'helm', 'kube-score'],
    async run() {
      for (const { name, text } of await renderer.both(mode)) {
        const args = ['score', '--output-format', 'json', '-']
        const { stdout } = await runTool(tools.kubeScore, args, { stdin: text })
        const report: unknown = JSON.parse(stdout)
        const found = new Set(criticalOf(report))
        assert.deepEqual(
          [...found].filter((id) => !LEFT.has(id)),
          [],
          name,
        )
      }
    },
  }))
}

function criticalOf(report: unknown): readonly string[] {
  assert.ok(Array.isArray(report) && report.length > 0, 'kube-score judged nothing')
  return report.flatMap((object: unknown) =>
    digList(object, 'checks')
      .filter((check) => dig(check, 'skipped') !== true && Number(dig(check, 'grade')) <= CRITICAL)
      .map((check) => digText(check, 'check', 'id')),
  )
}
