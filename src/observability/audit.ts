import type { Metrics } from './metrics.ts'
import type { Outcome } from './outcome.ts'
import { toPrintable } from './printable.ts'

/** How one request ended. Only these fields reach the log; no token, secret, body or query string is among them. */
export interface AuditEntry {
  readonly outcome: Outcome
  /** A stable word or short phrase, e.g. `budget`. */
  readonly reason?: string | undefined
  /** Of the caller's token; verified only if an exchange was made. */
  readonly sub: string | undefined
  readonly method: string
  /** The canonical path or the label of the rule that spoke. */
  readonly route: string
  readonly scopesHeld: Iterable<string>
  readonly scopesNeeded: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly exchangeMs?: number | undefined
  /** What the caller waited more than a plain relay would have made it wait; goes to the metrics too. */
  readonly addedMs?: number | undefined
  readonly totalMs: number
  readonly requestId: string
  /** By these two Keycloak's own event log names the issued token. */
  readonly jti?: string | undefined
  readonly sid?: string | undefined
}

export interface AuditOptions {
  readonly log: { info(fields: Record<string, unknown>, message: string): void }
  readonly metrics: Pick<Metrics, 'countRequest' | 'observeAdded'>
}

/** Counts every entry, and writes one line for every one that is not simply `forwarded`. */
export function createAudit({ log, metrics }: AuditOptions): (entry: AuditEntry) => void {
  return (entry) => {
    metrics.countRequest(entry.outcome)
    if (entry.addedMs !== undefined) metrics.observeAdded(entry.addedMs)
    if (entry.outcome !== 'forwarded') log.info(toFields(entry), 'audit')
  }
}

const MAX_TEXT_LENGTH = 256
const MAX_ROUTE_LENGTH = 512
// Twice the default of MAX_SCOPES: a token may hold far more than anybody wants to read.
const MAX_SCOPES = 100

function toFields(entry: AuditEntry): Record<string, unknown> {
  return {
    outcome: entry.outcome,
    reason: toText(entry.reason),
    sub: toText(entry.sub),
    method: toText(entry.method),
    route: toPrintable(cutQuery(entry.route), MAX_ROUTE_LENGTH),
    scopesHeld: toScopes(entry.scopesHeld),
    scopesNeeded: toScopes(entry.scopesNeeded),
    scopesGranted: toScopes(entry.scopesGranted),
    exchangeMs: toMilliseconds(entry.exchangeMs),
    addedMs: toMilliseconds(entry.addedMs),
    totalMs: toMilliseconds(entry.totalMs),
    requestId: toText(entry.requestId),
    jti: toText(entry.jti),
    sid: toText(entry.sid),
  }
}

function toText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : toPrintable(text, MAX_TEXT_LENGTH)
}

/** A canonical path has no query; a caller that hands in a raw target must not leak one. */
function cutQuery(route: string): string {
  const [path = ''] = route.split(/[?#]/, 1)
  return path
}

function toScopes(scopes: Iterable<string>): readonly string[] {
  const texts: string[] = []
  for (const scope of scopes) {
    if (texts.length === MAX_SCOPES) return [...texts, '…']
    texts.push(toPrintable(scope, MAX_TEXT_LENGTH))
  }
  return texts
}

function toMilliseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000
}
