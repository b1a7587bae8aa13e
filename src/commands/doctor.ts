import type { ExaminedConfig } from '../config/load-config.ts'
import type { ReadFile } from '../config/read-text.ts'
import type { Environment } from '../config/read-variables.ts'
import { examine } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'
import type { Sample } from '../doctor/obtain-sample.ts'
import { renderFinding, renderSummary } from '../doctor/render.ts'

export interface DoctorOptions {
  readonly examined: ExaminedConfig
  readonly settingCount: number
  readonly env: Environment
  readonly readFile: ReadFile
  readonly sample: Sample | undefined
  /** One JSON document in place of lines. */
  readonly isJson: boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Takes a line, without its line end. */
  readonly print: (line: string) => void
}

/** Asks everything that can be asked. 0: nothing is wrong; 1: something is; 78: it is in the settings or the policy. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { isJson, print } = options
  const findings = await examine({
    ...options,
    onFinding: (finding) => {
      if (!isJson) print(renderFinding(finding))
    },
  })
  const exitCode = exitCodeOf(findings)
  if (isJson) print(JSON.stringify({ exitCode, findings }, undefined, 2))
  else print(renderSummary(findings))
  return exitCode
}

const CONFIGURATION: ReadonlySet<string> = new Set([
  'setting-invalid',
  'policy-file-broken',
  'llama-stack-config-broken',
])

function exitCodeOf(findings: readonly Finding[]): number {
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong')
  if (wrong.some(({ id }) => CONFIGURATION.has(id))) return 78
  return wrong.length > 0 ? 1 : 0
}
