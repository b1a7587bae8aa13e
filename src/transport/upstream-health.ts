import type { Problems } from '../observability/problems.ts'

/** Whether the upstream can be reached, by what requests and connections have shown, as a problem in words. */
export interface UpstreamHealth {
  /** A request was answered. Called for every one, so it costs next to nothing. */
  answered(): void
  /** A request found nobody; `reason` is the transport's code, e.g. `ECONNREFUSED`. Connections are tried until one opens. */
  failed(reason: string): void
  /** Tries a connection now; what is wrong, in a sentence. */
  check(): Promise<string | undefined>
  close(): void
}

export interface UpstreamHealthOptions {
  readonly url: URL
  /** Opens a connection and closes it; the reason why it could not, in a word. Settles by itself in bounded time. */
  readonly probe: () => Promise<string | undefined>
  readonly retryMs: number
  readonly problems: Problems
  readonly log: { info(message: string): void; warn(message: string): void }
}

const PROBLEM = 'upstream'

export function createUpstreamHealth(options: UpstreamHealthOptions): UpstreamHealth {
  const { url, probe, retryMs, problems, log } = options
  let sentence: string | undefined
  let timer: NodeJS.Timeout | undefined

  function answered(): void {
    if (sentence === undefined) return
    sentence = undefined
    clearTimeout(timer)
    problems.resolve(PROBLEM)
    log.info(`the upstream answers again at ${url.origin}`)
  }

  function failed(reason: string): void {
    if (sentence !== undefined) return
    sentence = `The upstream does not answer at ${url.origin} (${reason}): ${remedyFor(reason)}.`
    problems.report(PROBLEM, sentence)
    log.warn(sentence)
    checkLater()
  }

  function checkLater(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void check(), retryMs)
    timer.unref()
  }

  async function check(): Promise<string | undefined> {
    const reason = await probe()
    if (reason === undefined) answered()
    else if (sentence === undefined) failed(reason)
    else checkLater()
    return sentence
  }

  return { answered, failed, check, close: () => clearTimeout(timer) }
}

function remedyFor(reason: string): string {
  if (reason === 'ERR_SSL_WRONG_VERSION_NUMBER' || reason === 'EPROTO') {
    return 'it does not speak TLS there, so write http:// in UPSTREAM_URL'
  }
  if (/CERT|SELF_SIGNED|ALTNAME/.test(reason)) {
    return 'its certificate is not trusted, so name its authority in CA_FILE'
  }
  return 'check that it runs and that UPSTREAM_URL can be reached from here'
}
