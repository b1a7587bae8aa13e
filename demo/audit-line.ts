import { isFields, numberAt, textAt, textsAt } from './authorization-server/json-fields.ts'

/** What Scopelift wrote about one request. */
export interface AuditLine {
  readonly outcome: string
  readonly scopesNeeded: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly exchangeMs: number | undefined
  readonly totalMs: number | undefined
}

export type LogLine =
  | { readonly kind: 'audit'; readonly audit: AuditLine }
  | { readonly kind: 'listening'; readonly url: string; readonly adminUrl: string }
  | { readonly kind: 'other' }

/** Reads one line of Scopelift's log; a line that is no JSON is `other`. */
export function parseLogLine(line: string): LogLine {
  const fields = parseObject(line)
  const message = textAt(fields, 'msg')
  const outcome = textAt(fields, 'outcome')
  if (outcome !== undefined) {
    return {
      kind: 'audit',
      audit: {
        outcome,
        scopesNeeded: textsAt(fields, 'scopesNeeded') ?? [],
        scopesGranted: textsAt(fields, 'scopesGranted') ?? [],
        exchangeMs: numberAt(fields, 'exchangeMs'),
        totalMs: numberAt(fields, 'totalMs'),
      },
    }
  }
  const url = textAt(fields, 'url')
  const adminUrl = textAt(fields, 'adminUrl')
  return message === 'scopelift listening' && url !== undefined && adminUrl !== undefined
    ? { kind: 'listening', url, adminUrl }
    : { kind: 'other' }
}

function parseObject(line: string) {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

/** The audit line in words: outcome, scopes, milliseconds. */
export function describeAudit(audit: AuditLine): string {
  return [
    audit.outcome,
    `needed: ${audit.scopesNeeded.join(' ') || 'nothing'}`,
    `granted: ${audit.scopesGranted.join(' ') || 'nothing'}`,
    ...(audit.exchangeMs === undefined ? [] : [`exchange ${inMs(audit.exchangeMs)}`]),
    ...(audit.totalMs === undefined ? [] : [`total ${inMs(audit.totalMs)}`]),
  ].join(' · ')
}

export function inMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
