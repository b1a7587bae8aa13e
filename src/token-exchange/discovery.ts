import type { Dispatcher } from 'undici'
import type { Problems } from '../observability/problems.ts'
import type { ExchangeLog } from './exchange-log.ts'
import type { KeycloakAnswer } from './keycloak-request.ts'
import { DEADLINE, requestKeycloak } from './keycloak-request.ts'
import { readDiscovery } from './read-discovery.ts'

export interface Discovery {
  /** Stops asking; nothing is left running when it resolves. */
  close(): Promise<void>
}

export interface DiscoveryOptions {
  /** `{realm}/.well-known/openid-configuration` at the host that is called. */
  readonly url: URL
  /** What the document's `issuer` must be. */
  readonly issuer: string
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
  /** Wait after the first failure; doubled each time, up to 60 s. Default 1000. */
  readonly firstRetryMs?: number
  readonly log: ExchangeLog
  readonly problems: Problems
}

const PROBLEM = 'keycloak-discovery'
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 60_000

/**
 * Asks the realm's discovery document (OpenID Connect Discovery 1.0 §4) in the background, until it is as we need it:
 * what it says otherwise is a problem with its remedy, which goes away when Keycloak has been put right.
 */
export function startDiscovery(options: DiscoveryOptions): Discovery {
  const closing = new AbortController()
  const { log, problems } = options
  let reported: string | undefined

  const askOnce = async () => {
    const sentence = judgeDiscovery(await fetchDocument(options, closing.signal), options)
    if (closing.signal.aborted) return undefined
    if (sentence === undefined) problems.resolve(PROBLEM)
    else problems.report(PROBLEM, sentence)
    if (sentence !== undefined && sentence !== reported) log.warn({}, sentence)
    reported = sentence
    return sentence
  }
  const run = async () => {
    let waitMs = options.firstRetryMs ?? FIRST_RETRY_MS
    while ((await askOnce()) !== undefined) {
      await pause(waitMs, closing.signal)
      waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
    }
  }

  const running = run()
  return {
    async close() {
      closing.abort()
      await running
    },
  }
}

/** What is wrong with the answer, in one sentence with its remedy; `undefined`: nothing. */
export function judgeDiscovery(
  answer: KeycloakAnswer,
  { url, issuer }: { readonly url: URL; readonly issuer: string },
): string | undefined {
  const found = answer.kind === 'none' ? { kind: 'not-ready' as const } : readDiscovery(answer)
  switch (found.kind) {
    case 'not-ready':
      return `Keycloak does not answer at ${url.origin}: check that it runs and that KEYCLOAK_SERVER_URL can be reached from here.`
    case 'wants-https':
      return `The realm wants https, and is called by plain http at ${url.origin}: write https:// in KEYCLOAK_SERVER_URL, or set the realm's 'Require SSL'.`
    case 'no-realm':
      return `Keycloak has no realm at ${url.href}: check KEYCLOAK_SERVER_URL and KEYCLOAK_REALM.`
    case 'not-keycloak':
      return `What answers at ${url.href} is not Keycloak: check KEYCLOAK_SERVER_URL.`
    case 'realm':
      if (found.issuer !== issuer) {
        return `Keycloak names another issuer than ${issuer}: set KEYCLOAK_ISSUER to the 'issuer' in ${url.href}, or set Keycloak's hostname.`
      }
      return found.offersExchange
        ? undefined
        : `Keycloak at ${url.origin} does not offer token exchange: use Keycloak 26.2 or newer with the feature token-exchange-standard enabled.`
  }
}

async function fetchDocument(
  { url, dispatcher, timeoutMs }: DiscoveryOptions,
  closing: AbortSignal,
): Promise<KeycloakAnswer> {
  const controller = new AbortController()
  const onClosing = () => controller.abort()
  const timer = setTimeout(() => controller.abort(DEADLINE), timeoutMs)
  closing.addEventListener('abort', onClosing, { once: true })
  try {
    const headers = { accept: 'application/json' }
    return await requestKeycloak(dispatcher, {
      url,
      method: 'GET',
      headers,
      signal: controller.signal,
    })
  } finally {
    clearTimeout(timer)
    closing.removeEventListener('abort', onClosing)
  }
}

/** Ends early when the process closes; does not keep it alive. */
function pause(ms: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closing.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      closing.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    timer.unref()
    closing.addEventListener('abort', finish, { once: true })
  })
}
