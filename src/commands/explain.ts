import type { Config } from '../config/config.ts'
import type { ReadFile } from '../config/read-text.ts'
import type { Environment } from '../config/read-variables.ts'
import { judgeIssuedFor } from '../doctor/judge-issued-for.ts'
import type { Plan } from '../explain/explain-request.ts'
import { explainRequest } from '../explain/explain-request.ts'
import { renderExplanation } from '../explain/render-explanation.ts'
import type { Secret } from '../secret.ts'
import type { SubjectToken } from '../subject-token.ts'
import { createSubjectTokenReader } from '../subject-token.ts'
import { loadRoutes } from './load-routes.ts'

export interface ExplainOptions {
  readonly config: Config
  /** KEYCLOAK_CLIENT_ID; `undefined`: wrong or missing, and something stands in for it in the configuration. */
  readonly clientId: string | undefined
  /** For the `${env.NAME}` of LLAMA_STACK_CONFIG. */
  readonly env: Environment
  readonly readFile: ReadFile
  readonly method: string
  readonly target: string
  readonly token: Secret | undefined
  /** One JSON document in place of lines. */
  readonly isJson: boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Takes a line, without its line end. */
  readonly print: (line: string) => void
}

/**
 * Says what would become of a request, without any network. Returns the exit code 0.
 * @throws {PolicyLoadError} where a policy is broken, as at start
 */
export function explain(options: ExplainOptions): number {
  const { config, method, target, token, isJson, print, now } = options
  const { notes: policyNotes, routes, scopes } = loadRoutes(options)
  const { maxScopes } = config.policy
  const rules = { routes, scopes, maxScopes, audience: config.keycloak.audience }
  const subject = token && createSubjectTokenReader({ maxEntries: 1 })(`Bearer ${token.expose()}`)
  const nowMs = now()
  const { issuer } = config.keycloak
  const explanation = explainRequest({ method, target, subject, rules, issuer, nowMs })
  const notes = [...policyNotes, ...noteOnExchange(explanation.plan, subject, options.clientId)]
  if (isJson) {
    const { claims } = subject ?? {}
    const holds = claims && {
      scopes: [...claims.scopes].sort(),
      audience: claims.aud,
      exp: claims.exp,
    }
    const isVerified = false
    const document = { method, ...explanation, token: subject && { isVerified, ...holds }, notes }
    print(JSON.stringify(document, undefined, 2))
    return 0
  }
  for (const line of renderExplanation({ method, target, explanation, subject, nowMs })) print(line)
  for (const note of notes) print(`note      ${note}`)
  return 0
}

/** An exchange is foretold by the settings alone; whether Keycloak takes the token for it stands in the token. */
function noteOnExchange(
  plan: Plan,
  subject: SubjectToken | undefined,
  clientId: string | undefined,
): readonly string[] {
  const mayExchange =
    plan.kind === 'preempt' ||
    plan.kind === 'react' ||
    (plan.kind === 'own-token' && plan.heedsNamedScope)
  if (!mayExchange || subject?.claims === undefined) return []
  const refused = judgeIssuedFor(subject.claims, clientId)
  return refused === undefined ? [] : [`${refused.sentence} ${refused.remedy}`]
}
