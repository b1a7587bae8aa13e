import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Issuer } from './access-tokens.ts'
import { discoveryDocument } from './discovery-document.ts'
import type { Endpoint, Fault, FaultQueue } from './faults.ts'
import { isTokenFault } from './faults.ts'
import type { OAuthAnswer } from './oauth-answer.ts'
import { readForm } from './read-form.ts'
import type { RequestLog } from './request-log.ts'
import { sendAnswer } from './send-answer.ts'
import { answerTokenRequest, TOKEN_EXCHANGE } from './token-endpoint.ts'

export interface RealmService {
  readonly issuer: Issuer
  readonly faults: FaultQueue
  readonly log: RequestLog
  readonly counts: Record<Endpoint, number>
  /** Aborted when the server closes. */
  readonly signal: AbortSignal
}

/** Finds the endpoint, writes the log, counts, and answers, rightly or as a fault has it. */
export async function serveRequest(
  service: RealmService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { issuer, faults, log, counts, signal } = service
  const method = request.method ?? 'GET'
  const path = new URL(request.url ?? '/', issuer.issuer).pathname
  const read = method === 'POST' ? await readForm(request) : undefined
  const form = read ?? new URLSearchParams()
  log.add({ method, path, authorization: request.headers.authorization, form })

  const endpoint = findEndpoint(issuer, path, form)
  if (endpoint === undefined) {
    await sendAnswer(response, undefined, signal, () => notFound(issuer, path))
    return
  }
  counts[endpoint] += 1
  const fault = faults.take(endpoint)
  const isTokenEndpoint = endpoint === 'exchange' || endpoint === 'token'
  await sendAnswer(response, fault, signal, () => {
    if (method !== (isTokenEndpoint ? 'POST' : 'GET')) return plainError(405, 'Method Not Allowed')
    if (endpoint === 'certs') return { status: 200, body: { ...issuer.keys.jwks() } }
    if (endpoint === 'discovery') return { status: 200, body: discoveryDocument(issuer) }
    if (read === undefined) return plainError(415, 'Unsupported Media Type')
    return answerGrant(issuer, request, form, fault)
  })
}

async function answerGrant(
  issuer: Issuer,
  request: IncomingMessage,
  form: URLSearchParams,
  fault: Fault | undefined,
): Promise<OAuthAnswer> {
  const answer = await answerTokenRequest(issuer, {
    form,
    authorization: request.headers.authorization,
    origin: request.headers.origin,
    fault: isTokenFault(fault) ? fault : undefined,
  })
  return {
    ...answer,
    headers: { 'cache-control': 'no-store', pragma: 'no-cache', ...answer.headers },
  }
}

function findEndpoint(issuer: Issuer, path: string, form: URLSearchParams): Endpoint | undefined {
  const realm = `/realms/${issuer.realm.name}`
  switch (path) {
    case `${realm}/protocol/openid-connect/token`:
      return form.get('grant_type') === TOKEN_EXCHANGE ? 'exchange' : 'token'
    case `${realm}/protocol/openid-connect/certs`:
      return 'certs'
    case `${realm}/.well-known/openid-configuration`:
      return 'discovery'
    default:
      return undefined
  }
}

function notFound(issuer: Issuer, path: string): OAuthAnswer {
  const [, realms, name] = path.split('/')
  const isForeignRealm = realms === 'realms' && name !== issuer.realm.name
  return isForeignRealm
    ? plainError(404, 'Realm does not exist')
    : plainError(404, 'Unable to find matching target resource method')
}

function plainError(status: number, error: string): OAuthAnswer {
  return {
    status,
    body: { error, error_description: 'For more on this error consult the server log.' },
  }
}
