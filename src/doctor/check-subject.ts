import type { ScopeRules } from '../policy/route-policy.ts'
import type { SubjectToken } from '../subject-token.ts'
import { checkAudiences } from './check-audience.ts'
import type { ClientFacts } from './check-client.ts'
import { judgeClock } from './check-clock.ts'
import { judgeIssuedToken } from './check-issued-token.ts'
import type { Realm } from './check-realm.ts'
import { finding, listNames } from './finding.ts'
import { judgeObstacle } from './judge-obstacle.ts'
import type { ScopeProbe } from './probe-scopes.ts'
import { probeScopes } from './probe-scopes.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

export interface CheckSubjectOptions {
  readonly subject: SubjectToken
  /** Audiences and clocks are known already. */
  readonly isClientTested: boolean
  /** Those of the policy that may be asked for. */
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly scopeRules: ScopeRules
  readonly realm: Realm
  readonly facts: ClientFacts
  readonly tokenEndpoint: TokenEndpoint
  readonly now: () => number
  readonly add: AddFinding
}

const SCOPES_WITH_AUDIENCE = 10

/** What our client may ask for, shown by a token that it can exchange. `undefined`: it cannot. */
export async function checkSubject(options: CheckSubjectOptions): Promise<ScopeProbe | undefined> {
  const { subject, scopes, audiences, tokenEndpoint, facts, add } = options
  const probe = await probeScopes({ tokenEndpoint, subjectToken: subject.token, scopes })
  reportAttachment(probe, options)
  if (probe.obstacle !== undefined) {
    add(judgeObstacle(probe.obstacle, options))
    return undefined
  }
  if (probe.issued?.answer.kind === 'issued') {
    const clock = options.isClientTested ? undefined : judgeClock(probe.issued)
    if (clock !== undefined) add(clock)
    const fault = judgeIssuedToken({
      ...options,
      ...facts,
      issued: probe.issued.answer,
      nowMs: options.now(),
    })
    if (fault !== undefined) add(fault)
  }
  if (options.isClientTested) return probe
  await checkAudiences({
    subject,
    tokenEndpoint,
    scopes: probe.attached.slice(0, SCOPES_WITH_AUDIENCE),
    audiences,
    facts,
    add,
  })
  return probe
}

function reportAttachment(
  { attached, notAttached, obstacle }: ScopeProbe,
  { realm, facts: { client }, add }: CheckSubjectOptions,
): void {
  for (const scope of notAttached) {
    if (realm.scopes?.has(scope) === false) add(finding('scope-not-in-realm', { scope }))
    else add(finding('scope-not-attached', { scope, client }))
  }
  if (obstacle === undefined && notAttached.length === 0 && attached.length > 0) {
    add(finding('scopes-attached', { client, scopes: listNames(attached) }))
  }
}
