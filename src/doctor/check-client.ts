import { judgeUnreachable } from './check-realm.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { AssertionFacts } from './read-assertion.ts'
import type { AddFinding } from './report.ts'
import type { TokenEndpoint, TokenReply } from './token-endpoint.ts'
import { NO_TOKEN } from './token-endpoint.ts'

/** What the findings about our client say of it. */
export interface ClientFacts {
  readonly client: string
  /** KEYCLOAK_AUTH_METHOD. */
  readonly method: string
  readonly issuer: string
  readonly realmUrl: string
  readonly origin: string
  /** KEYCLOAK_TLS_CERT_FILE. */
  readonly hasCertificate: boolean
  readonly assertion: AssertionFacts
}

export interface CheckClientOptions extends ClientFacts {
  readonly tokenEndpoint: TokenEndpoint
  readonly add: AddFinding
}

/** The exchange of something that is no token: Keycloak looks at the client first. Whether it finds nothing wrong with that. */
export async function checkClient(options: CheckClientOptions): Promise<boolean> {
  const { tokenEndpoint, add } = options
  const reply = await tokenEndpoint.exchange({ subjectToken: NO_TOKEN, scopes: [], audience: [] })
  const isGood =
    reply.kind === 'answered' &&
    reply.answer.kind === 'dead-token' &&
    reply.answer.reason === 'invalid-token'
  if (!isGood) add(judgeClientFault(reply, options))
  return isGood
}

/** What is wrong at our client, or its realm, by an answer that is no token. */
export function judgeClientFault(reply: TokenReply, facts: ClientFacts): Finding {
  const { client, method, realmUrl, origin } = facts
  if (reply.kind === 'none') return judgeUnreachable(reply.reason, facts)
  if (reply.kind === 'no-credentials') return judgeNoAssertion(facts)
  const { answer, status, error, description } = reply
  if (description === 'HTTPS required') return finding('keycloak-wants-https', { origin })
  if (answer.kind === 'unavailable' && status >= 500) {
    return finding('keycloak-starting', { origin, status: String(status) })
  }
  if (answer.kind !== 'misconfigured') {
    return finding('client-answer-unexpected', {
      client,
      answer: inWords(status, error, description),
    })
  }
  switch (answer.fault) {
    case 'client-secret':
      if (isSecretMethod(method)) return finding('client-secret-wrong', { client })
      return finding('client-wants-secret', { client, method })
    case 'client-unknown':
      return finding('client-unknown', { client, method })
    case 'client-authentication':
      return judgeAuthentication(facts, description || error)
    case 'assertion-file':
      return judgeNoAssertion(facts)
    case 'exchange-not-enabled':
      return finding('exchange-switched-off', { client })
    case 'exchange-not-supported':
      return finding('exchange-feature-off', { origin })
    case 'realm-not-found':
      return finding('realm-not-found', { url: realmUrl })
    case 'realm-disabled':
      return finding('realm-disabled', { url: realmUrl })
    case 'audience-unknown':
    case 'scope-not-attached':
      return finding('client-answer-unexpected', {
        client,
        answer: inWords(status, error, description),
      })
  }
}

export function inWords(status: number, error: string, description: string): string {
  return [status, error, description && `"${description}"`].filter(Boolean).join(' ')
}

function judgeAuthentication(
  { client, method, issuer, assertion }: ClientFacts,
  description: string,
): Finding {
  if (method === 'federated_jwt') {
    const { claims } = assertion
    return finding('federated-assertion-refused', { client, description, claims, issuer })
  }
  if (!isSecretMethod(method)) {
    return finding('client-assertion-refused', { client, description, issuer })
  }
  if (description === 'Parameter client_assertion_type is missing') {
    return finding('client-wants-assertion', { client })
  }
  return finding('client-authentication-refused', { client, description })
}

function judgeNoAssertion({ client, issuer, assertion: { reason } }: ClientFacts): Finding {
  if (reason === '') return finding('client-assertion-missing', { client, issuer })
  return finding('client-assertion-unreadable', { client, issuer, reason })
}

function isSecretMethod(method: string): boolean {
  return method.startsWith('client_secret_')
}
