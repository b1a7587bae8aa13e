import { isJsonObject, parseJsonObject } from '../json-object.ts'
import type { LlamaStackPolicy } from '../policy/llama-stack/route-access-rule.ts'
import type { Ask, Reply } from './ask.ts'
import { judgeConnection } from './connection-failure.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'
import type { ReadPolicies } from './read-policies.ts'
import type { AddFinding } from './report.ts'

export interface CheckUpstreamOptions {
  readonly url: URL
  /** UPSTREAM_TLS_CERT_FILE. */
  readonly hasCertificate: boolean
  readonly policies: ReadPolicies
  /** KEYCLOAK_ISSUER; `undefined`: not known, so that there is nothing to compare with. */
  readonly issuer: string | undefined
  readonly ask: Ask
  readonly add: AddFinding
}

type Received = Extract<Reply, { kind: 'received' }>

interface Visit {
  readonly path: string
  readonly reply: Received
}

const MAX_VISITS = 4
/** Where most such servers have something. */
const USUAL_PATHS = ['/v1/models', '/']

/**
 * Asks with GET and without a token, on routes that want scopes, until one is refused as it must be. Only GET: what
 * is not protected would act on anything else.
 */
export async function checkUpstream(options: CheckUpstreamOptions): Promise<void> {
  const { url, ask, add } = options
  const visits: Visit[] = []
  const own = listProtectedPaths(options.policies)
  for (const path of (own.length > 0 ? own : USUAL_PATHS).slice(0, MAX_VISITS)) {
    const target = new URL(`${url.origin}${url.pathname.replace(/\/+$/, '')}${path}`)
    const reply = await ask({ url: target, method: 'GET', headers: { accept: 'application/json' } })
    if (reply.kind === 'none') {
      add(judgeUnreachable(reply.reason, options))
      return
    }
    visits.push({ path, reply })
    if (reply.status === 401 || reply.status === 403) break
  }
  add(judgeVisits(visits, own.length > 0 || !namesScopes(options.policies), options))
}

/** `mustRefuse`: an answer there without a token means that the upstream is open. */
function judgeVisits(
  visits: readonly Visit[],
  mustRefuse: boolean,
  { url, issuer }: CheckUpstreamOptions,
): Finding {
  const find = (isSought: (status: number) => boolean) =>
    visits.find(({ reply }) => isSought(reply.status))
  const refused = find((status) => status === 401 || status === 403)
  if (refused !== undefined) {
    const found = readIssuer(refused.reply)
    if (found !== undefined && issuer !== undefined && found !== issuer) {
      return finding('upstream-other-issuer', { found, wanted: issuer })
    }
    return finding('upstream-protected', { origin: url.origin, ...factsOf(refused) })
  }
  const failing = find((status) => status >= 500)
  if (failing !== undefined) return finding('upstream-failing', factsOf(failing))
  const open = find((status) => status >= 200 && status < 300)
  if (open !== undefined && mustRefuse) return finding('upstream-open', factsOf(open))
  const redirecting = find((status) => status >= 300 && status < 400)
  if (redirecting !== undefined) return finding('upstream-redirects', factsOf(redirecting))
  return finding('upstream-unclear', factsOf(visits[0]))
}

function factsOf(visit: Visit | undefined) {
  return { path: visit?.path ?? '', status: String(visit?.reply.status ?? '') }
}

function judgeUnreachable(reason: string, { url, hasCertificate }: CheckUpstreamOptions): Finding {
  const { origin } = url
  switch (judgeConnection(reason)) {
    case 'certificate-untrusted':
      return finding('upstream-certificate-untrusted', { origin, reason })
    case 'certificate-invalid':
      return finding('upstream-certificate-invalid', { origin, reason })
    case 'without-tls':
      return finding('upstream-without-tls', { origin })
    case 'with-tls':
      return finding('upstream-with-tls', { origin })
    case 'wants-client-certificate':
      if (hasCertificate) return finding('upstream-refuses-client-certificate', { origin, reason })
      return finding('upstream-wants-client-certificate', { origin, reason })
    case 'unreachable':
      return finding('upstream-unreachable', { origin, reason })
  }
}

/** Llama Stack says whose tokens it wants: `Please provide a valid OAuth2 Bearer token from <issuer>`. */
function readIssuer({ body }: Received): string | undefined {
  const error = parseJsonObject(body.toString('utf8'))?.['error']
  const message = isJsonObject(error) ? error['message'] : undefined
  if (typeof message !== 'string') return undefined
  return /valid OAuth2 Bearer token from (https?:\/\/\S+)$/.exec(message)?.[1]
}

/** Where a GET is to be refused. */
function listProtectedPaths({ policyFile, llamaStack }: ReadPolicies): readonly string[] {
  const own = (policyFile?.routes ?? [])
    .filter(({ scopes, methods }) => scopes !== undefined && methods?.includes('GET') !== false)
    .map(({ path }) => path.replace(/\/\*$/, ''))
    .filter((path) => path !== '' && !path.includes('/:'))
  const paths = [...own, ...(llamaStack === undefined ? [] : conditionalPaths(llamaStack))]
  return [...new Set(paths.map(encodeURI))]
}

/** Whether some route is known to be protected, be it one that cannot be asked. */
function namesScopes({ policyFile, llamaStack }: ReadPolicies): boolean {
  const isConditional = llamaStack?.rules.some(({ conditions }) => conditions.length > 0) === true
  return isConditional || policyFile?.routes.some(({ scopes }) => scopes !== undefined) === true
}

function conditionalPaths({ rules }: LlamaStackPolicy): readonly string[] {
  return rules
    .filter(({ conditions }) => conditions.length > 0)
    .flatMap(({ paths }) => paths)
    .flatMap((pattern) => {
      if (pattern.kind === 'exact') return [pattern.path]
      return pattern.kind === 'prefix' ? [pattern.prefix.replace(/\/+$/, '')] : []
    })
    .filter((path) => path.startsWith('/'))
}
