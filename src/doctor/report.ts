import type { Finding } from './finding.ts'

export type AddFinding = (finding: Finding) => void

export interface Report {
  readonly add: AddFinding
  list(): readonly Finding[]
}

/** Collects findings, each once; `onFinding` sees them as they come. */
export function createReport(onFinding: AddFinding): Report {
  const findings: Finding[] = []
  return {
    add(finding) {
      const isKnown = findings.some(
        ({ id, sentence }) => id === finding.id && sentence === finding.sentence,
      )
      if (isKnown) return
      findings.push(finding)
      onFinding(finding)
    },
    list: () => findings,
  }
}
