import type { SubjectToken } from '../subject-token.ts'
import type { ClientFacts } from './check-client.ts'
import { judgeClientFault } from './check-client.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { TokenReply } from './token-endpoint.ts'

export interface ObstacleContext {
  /** What was to be exchanged. */
  readonly subject: SubjectToken
  readonly facts: ClientFacts
}

/** Why an exchange brought no token, where neither scopes nor audience are the matter. There is always something to say. */
export function judgeObstacle(obstacle: TokenReply, { subject, facts }: ObstacleContext): Finding {
  const { client } = facts
  const answer = obstacle.kind === 'answered' ? obstacle.answer : undefined
  if (answer?.kind === 'refused-for-user' && answer.reason === 'consent-missing') {
    return finding('consent-missing', { client })
  }
  if (answer?.kind !== 'dead-token') return judgeClientFault(obstacle, facts)
  const azp = String(subject.claims?.payload['azp'] ?? 'unknown')
  if (answer.reason === 'not-for-our-client') {
    return finding('token-not-for-client', { client, azp })
  }
  const characters = String(subject.token.expose().length)
  return answer.reason === 'subject-token-too-long'
    ? finding('token-too-long', { characters, azp })
    : finding('token-refused', {})
}
