import type { Metrics } from './metrics.ts'
import type { Outcome } from './outcome.ts'
import { toPrintable } from './printable.ts'

/** How one request ended. Only these fields reach the log; no token, secret, body or query string is among them. */
export interface AuditEntry {
  readonly outcome: Outcome
  /** A stable word or short phrase, e.g. `budget`. */
  readonly reason?: string | undefined
  /** Of the caller's token. */
  readonly sub: string | undefined
  /** Whether its signature was checked, and is good; else anybody may have written what it says. Asked where a line is written. */
  readonly isVerified: () => boolean
  readonly method: string
  /** The canonical path or the label of the rule that spoke. */
  readonly route: string
  readonly scopesHeld: Iterable<string>
  readonly scopesNeeded: readonly string[]
  readonly exchangeMs?: number | undefined
  /** What the caller waited more than a plain relay would have made it wait; goes to the metrics too. */
  readonly addedMs?: number | undefined
  readonly totalMs: number
  readonly requestId: string
  /** What went upstream in place of the caller's token. One object for all requests that carry it, and of one caller. */
  readonly issued?: AuditedToken | undefined
}

export interface AuditedToken {
  readonly scopes: readonly string[]
  /** By these two Keycloak's own event log names the issued token. */
  readonly jti: string | undefined
  readonly sid: string | undefined
}

export interface AuditLog {
  info(fields: Record<string, unknown>, message: string): void
  /** A log of which every line has these fields too. */
  child(fields: Record<string, unknown>): AuditLog
}

export interface AuditOptions {
  readonly log: AuditLog
  readonly metrics: Pick<Metrics, 'countRequest' | 'observeAdded'>
}

/**
 * Counts every entry, and writes one line for every one that is not simply `forwarded`. What is the same in all lines of an
 * issued token is serialized once: to write it is most of what a line costs.
 */
export function createAudit({ log, metrics }: AuditOptions): (entry: AuditEntry) => void {
  const logs = new WeakMap<AuditedToken, AuditLog>()

  /** Of the caller whose token it is. */
  function logOf(issued: AuditedToken, entry: AuditEntry): AuditLog {
    const known = logs.get(issued)
    if (known !== undefined) return known
    const created = log.child(toFieldsOfToken(entry))
    logs.set(issued, created)
    return created
  }

  function write(entry: AuditEntry): void {
    if (entry.issued !== undefined) logOf(entry.issued, entry).info(toFields(entry), 'audit')
    else log.info({ ...toFieldsOfToken(entry), ...toFields(entry) }, 'audit')
  }

  return (entry) => {
    metrics.countRequest(entry.outcome)
    if (entry.addedMs !== undefined) metrics.observeAdded(entry.addedMs)
    if (entry.outcome !== 'forwarded') write(entry)
  }
}

const MAX_TEXT_LENGTH = 256
const MAX_ROUTE_LENGTH = 512
// Twice the default of MAX_SCOPES: a token may hold far more than anybody wants to read.
const MAX_SCOPES = 100

function toFieldsOfToken(entry: AuditEntry): Record<string, unknown> {
  const { sub, isVerified, scopesHeld, issued } = entry
  return {
    sub: toText(sub),
    verified: isVerified(),
    scopesHeld: toScopes(scopesHeld),
    scopesGranted: toScopes(issued?.scopes ?? []),
    jti: toText(issued?.jti),
    sid: toText(issued?.sid),
  }
}

function toFields(entry: AuditEntry): Record<string, unknown> {
  return {
    outcome: entry.outcome,
    reason: toText(entry.reason),
    method: toText(entry.method),
    route: toPrintable(cutQuery(entry.route), MAX_ROUTE_LENGTH),
    scopesNeeded: toScopes(entry.scopesNeeded),
    exchangeMs: toMilliseconds(entry.exchangeMs),
    addedMs: toMilliseconds(entry.addedMs),
    totalMs: toMilliseconds(entry.totalMs),
    requestId: toText(entry.requestId),
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
