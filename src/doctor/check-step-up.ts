import type { ScopeRules } from '../policy/route-policy.ts'
import { finding, listNames } from './finding.ts'
import type { ObstacleContext } from './judge-obstacle.ts'
import { judgeObstacle } from './judge-obstacle.ts'
import type { ScopeProbe } from './probe-scopes.ts'
import { probeScopes } from './probe-scopes.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

export interface CheckStepUpOptions extends ObstacleContext {
  /** What came of asking for the policy's scopes with the caller's token. */
  readonly probe: ScopeProbe
  readonly scopeRules: ScopeRules
  readonly tokenEndpoint: TokenEndpoint
  readonly add: AddFinding
}

const MAX_HELD = 50

/** What this caller gets by a step-up, and what not. */
export async function checkStepUp(options: CheckStepUpOptions): Promise<void> {
  const { probe, add } = options
  for (const scope of probe.attached) {
    if (!probe.granted.has(scope)) add(finding('scope-not-granted', { scope }))
  }
  if (probe.granted.size > 0) add(finding('step-up-granted', { scopes: listNames(probe.granted) }))
  else if (probe.attached.length === 0) add(finding('token-exchanged', {}))
  await checkHeld(options)
}

/** Scopes that the caller holds are asked for too, unless our client does not have them. */
async function checkHeld(options: CheckStepUpOptions): Promise<void> {
  const { subject, facts, scopeRules, tokenEndpoint, add } = options
  const { client } = facts
  const held = [...(subject.claims?.scopes ?? [])].filter((scope) => !scopeRules.isDenied(scope))
  if (held.length === 0) return
  if (held.length > MAX_HELD) {
    const count = String(held.length)
    add(finding('held-scopes-too-many', { count, tested: String(MAX_HELD) }))
  }
  const { notAttached, obstacle } = await probeScopes({
    tokenEndpoint,
    subjectToken: subject.token,
    scopes: held.slice(0, MAX_HELD),
  })
  if (obstacle !== undefined) add(judgeObstacle(obstacle, options))
  if (notAttached.length > 0) {
    add(finding('held-scopes-lost', { client, scopes: listNames(notAttached) }))
  }
}
