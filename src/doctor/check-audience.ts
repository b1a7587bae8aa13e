import type { Secret } from '../secret.ts'
import { finding, listNames } from './finding.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

export interface CheckAudienceOptions {
  readonly tokenEndpoint: TokenEndpoint
  readonly subjectToken: Secret
  /** Asked for together with it: a client scope may bring the audience. */
  readonly scopes: readonly string[]
  /** KEYCLOAK_AUDIENCE and those of the routes. */
  readonly audiences: readonly string[]
  readonly client: string
  readonly add: AddFinding
}

const MAX_AUDIENCES = 20

/** Whether each audience that is asked for can be had. */
export async function checkAudiences(options: CheckAudienceOptions): Promise<void> {
  const { tokenEndpoint, subjectToken, scopes, client, add } = options
  const available: string[] = []
  for (const audience of options.audiences.slice(0, MAX_AUDIENCES)) {
    const reply = await tokenEndpoint.exchange({ subjectToken, scopes, audience: [audience] })
    if (reply.kind !== 'answered') continue
    const { answer } = reply
    if (answer.kind === 'issued') available.push(audience)
    else if (answer.kind === 'misconfigured' && answer.fault === 'audience-unknown') {
      add(finding('audience-unknown', { audience }))
    } else if (answer.kind === 'refused-for-user' && answer.reason === 'audience-not-available') {
      add(finding('audience-not-available', { client, audience }))
    }
  }
  if (available.length > 0) {
    add(finding('audience-available', { client, audience: listNames(available) }))
  }
}
