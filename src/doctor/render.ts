import type { Verdict } from './catalogue/entry.ts'
import type { Finding } from './finding.ts'

const MARKS: Readonly<Record<Verdict, string>> = { ok: '✓', wrong: '✗', note: '!', untested: '–' }

/** A finding in one line: mark, sentence, and what to do under which name. */
export function renderFinding({ id, verdict, sentence, remedy }: Finding): string {
  const mark = MARKS[verdict]
  return remedy === undefined ? `${mark} ${sentence}` : `${mark} ${sentence} ${remedy} [${id}]`
}

/** The last line. */
export function renderSummary(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((one) => one.verdict === verdict).length
  const parts = [
    `${count('ok')} as they must be`,
    `${count('wrong')} wrong`,
    `${count('note')} worth a look`,
    `${count('untested')} not tested`,
  ]
  return parts.join(', ')
}
