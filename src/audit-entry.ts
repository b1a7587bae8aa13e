import type { Call, Settlement } from './call.ts'
import type { AuditEntry } from './observability/audit.ts'

/** The audit line of a call, put together from what the relay read and how the step-up ended. */
export function auditEntry(
  call: Call,
  settlement: Settlement,
  { nowMs, isVerified }: { readonly nowMs: number; readonly isVerified: () => boolean },
): AuditEntry {
  const { reason = '' } = settlement
  return {
    outcome: settlement.outcome,
    reason: SILENT_REASONS.has(reason) ? undefined : reason,
    sub: call.subject?.claims?.sub,
    isVerified,
    method: call.method,
    route: settlement.route ?? call.path,
    scopesHeld: call.subject?.claims?.scopes ?? [],
    scopesNeeded: settlement.scopesNeeded ?? [],
    exchangeMs: settlement.exchangeMs,
    addedMs: settlement.addedMs,
    totalMs: nowMs - call.startedAt,
    requestId: call.requestId,
    issued: call.issued,
  }
}

/** Those that say no more than the outcome. */
const SILENT_REASONS: ReadonlySet<string> = new Set(['', 'none', 'scope-not-granted'])
