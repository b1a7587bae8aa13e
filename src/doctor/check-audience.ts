import type { Finding } from './finding.ts'
import { finding, listNames } from './finding.ts'
import type { ObstacleContext } from './judge-obstacle.ts'
import { judgeObstacle } from './judge-obstacle.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint, TokenReply } from './token-endpoint.ts'

export interface CheckAudienceOptions extends ObstacleContext {
  readonly tokenEndpoint: TokenEndpoint
  /** Asked for together with it: a client scope may bring the audience. */
  readonly scopes: readonly string[]
  /** KEYCLOAK_AUDIENCE and those of the routes. */
  readonly audiences: readonly string[]
  readonly add: AddFinding
}

const MAX_AUDIENCES = 20

/** Whether each audience that is asked for can be had. What could not be tested is said too. */
export async function checkAudiences(options: CheckAudienceOptions): Promise<void> {
  const { subject, tokenEndpoint, scopes, audiences, facts, add } = options
  const { client } = facts
  const tested = audiences.slice(0, MAX_AUDIENCES)
  if (tested.length < audiences.length) {
    const count = String(audiences.length)
    add(finding('audiences-too-many', { count, tested: String(tested.length) }))
  }
  const available: string[] = []
  for (const [index, audience] of tested.entries()) {
    const wanted = { subjectToken: subject.token, scopes, audience: [audience] }
    const judged = judgeAudience(await tokenEndpoint.exchange(wanted), audience, client)
    if (judged === 'available') available.push(audience)
    else if (judged.kind === 'missing') add(judged.finding)
    else {
      add(judgeObstacle(judged.reply, options))
      add(finding('audience-untested', { client, audience: listNames(tested.slice(index)) }))
      break
    }
  }
  if (available.length > 0) {
    add(finding('audience-available', { client, audience: listNames(available) }))
  }
}

type Judged =
  | 'available'
  | { readonly kind: 'missing'; readonly finding: Finding }
  /** The answer says nothing of the audience. */
  | { readonly kind: 'obstacle'; readonly reply: TokenReply }

function judgeAudience(reply: TokenReply, audience: string, client: string): Judged {
  const obstacle: Judged = { kind: 'obstacle', reply }
  if (reply.kind !== 'answered') return obstacle
  const { answer } = reply
  switch (answer.kind) {
    case 'issued':
      return 'available'
    case 'misconfigured':
      if (answer.fault !== 'audience-unknown') return obstacle
      return { kind: 'missing', finding: finding('audience-unknown', { audience }) }
    case 'refused-for-user':
      if (answer.reason !== 'audience-not-available') return obstacle
      return { kind: 'missing', finding: finding('audience-not-available', { client, audience }) }
    case 'dead-token':
    case 'invalid-scopes':
    case 'unavailable':
      return obstacle
  }
}
