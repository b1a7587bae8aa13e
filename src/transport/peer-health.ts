import type { Problems } from '../observability/problems.ts'

/** Whether a peer can be reached, by what requests and probes have shown, as a problem in words. */
export interface PeerHealth {
  /** A request was answered. Called for every one, so it costs next to nothing. */
  answered(): void
  /**
   * A request has failed; `reason` is the transport's code. One of the connection, e.g. `ECONNREFUSED`, means that nobody
   * is there: the peer is probed until it can be reached.
   */
  failed(reason: string): void
  /** Probes it now; what is wrong, in a sentence. */
  check(): Promise<string | undefined>
  close(): void
}

export interface PeerHealthOptions {
  /** Names it at the beginning of a sentence. */
  readonly name: 'Keycloak' | 'The upstream'
  readonly url: URL
  /** The setting that says where it is. */
  readonly setting: 'KEYCLOAK_SERVER_URL' | 'UPSTREAM_URL'
  /** The reason why it cannot be reached, in a word. Settles by itself in bounded time. */
  readonly probe: () => Promise<string | undefined>
  readonly retryMs: number
  readonly problems: Problems
  readonly log: { info(message: string): void; warn(message: string): void }
}

export function createPeerHealth(options: PeerHealthOptions): PeerHealth {
  const { name, url, setting, probe, retryMs, problems, log } = options
  const problem = `unreachable ${name}`
  let sentence: string | undefined
  let timer: NodeJS.Timeout | undefined

  function answered(): void {
    if (sentence === undefined) return
    sentence = undefined
    clearTimeout(timer)
    problems.resolve(problem)
    log.info(`${name} answers again at ${url.origin}`)
  }

  function failed(reason: string): void {
    if (sentence !== undefined || OF_AN_ANSWER.test(reason)) return
    say(reason)
    checkLater()
  }

  /** A probe may know better than the request that failed first. */
  function say(reason: string): void {
    const said = sentence
    sentence = `${name} does not answer at ${url.origin} (${reason}): ${remedyFor(reason, setting)}.`
    if (sentence === said) return
    problems.report(problem, sentence)
    log.warn(sentence)
  }

  function checkLater(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void check(), retryMs)
    timer.unref()
  }

  async function check(): Promise<string | undefined> {
    const reason = await probe()
    if (reason === undefined) answered()
    else {
      say(reason)
      checkLater()
    }
    return sentence
  }

  return { answered, failed, check, close: () => clearTimeout(timer) }
}

/**
 * Undici's codes but those of a connection, its parser's, and ours: a faulty or late answer is a matter of its route, and
 * whoever gave it runs. The audit line names it.
 */
const OF_AN_ANSWER =
  /^(UND_ERR_(?!CONNECT_TIMEOUT$|SOCKET$)\w+|HPE_\w+|HTTPParserError|ERR_BAD_ANSWER|denial-broke-off)$/

function remedyFor(reason: string, setting: string): string {
  if (reason === 'ERR_SSL_WRONG_VERSION_NUMBER' || reason === 'EPROTO') {
    return `it does not speak TLS there, so write http:// in ${setting}`
  }
  const prefix = setting === 'UPSTREAM_URL' ? 'UPSTREAM' : 'KEYCLOAK'
  // An alert comes from the peer: it is our certificate that does not please.
  if (/ALERT/.test(reason)) {
    return `it ended the TLS handshake, so check that ${prefix}_TLS_CERT_FILE names a client certificate that it trusts`
  }
  if (/CERT|SELF_SIGNED|ALTNAME|LEAF_SIGNATURE/.test(reason)) {
    return `its certificate is not trusted, so name its authority in CA_FILE or ${prefix}_CA_FILE`
  }
  return `check that it runs and that ${setting} can be reached from here`
}
