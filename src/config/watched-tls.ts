import type { SecureContext } from 'node:tls'
import { createSecret } from '../secret.ts'
import { MAX_PEM_BYTES } from './file-bounds.ts'
import type { PemFile, TlsMaterial } from './tls-material.ts'
import { createTlsContext, findExpiry, findTlsMistake } from './tls-material.ts'
import { createWatchedFile } from './watched-file.ts'

/** The certificates and the key for one peer, as new as their files. */
export interface WatchedTls {
  /** Another object after each change; for new connections. `undefined`: as Node makes it. */
  current(): SecureContext | undefined
  close(): void
}

export interface WatchedTlsOptions {
  /** Names the peer in ids and log lines. */
  readonly peer: 'Keycloak' | 'the upstream'
  readonly intervalMs: number
  /** Milliseconds since the epoch; the system's clock where there is none. */
  readonly now?: () => number
  readonly problems: {
    report(id: string, sentence: string): void
    resolve(id: string): void
  }
  readonly log: { info(message: string): void; error(message: string): void }
}

/** Looks at the files in intervals. A version that cannot be used is a problem, and the one before stays in use. */
export function watchTls(material: TlsMaterial, options: WatchedTlsOptions): WatchedTls {
  const { peer, intervalMs, now = Date.now, problems, log } = options
  let context = createTlsContext(material)
  const texts = new Map(listFiles(material).map((file) => [file.variable, file.text]))
  let isSettling = false
  let isClosed = false

  const watched = listFiles(material).map(({ variable, path, text }) => {
    const problem = `tls ${peer} ${variable}`
    return createWatchedFile({
      path,
      intervalMs,
      maxBytes: MAX_PEM_BYTES,
      text: text.expose(),
      onChange(found) {
        problems.resolve(problem)
        texts.set(variable, createSecret(found))
        if (isSettling) return
        isSettling = true
        void settle()
      },
      onError: (error) => problems.report(problem, `${variable}: ${error.message}${KEPT}`),
    })
  })
  const lookAgain = () => Promise.all(watched.map((file) => file.check()))

  /** Certificate and key are two files: what was changed together is judged together. */
  async function settle(): Promise<void> {
    await lookAgain()
    if (mistakeNow() !== undefined) await lookAgain()
    isSettling = false
    if (!isClosed) accept()
  }

  const materialNow = () => withTexts(material, texts)
  const mistakeNow = () => findTlsMistake(materialNow())

  function accept(): void {
    const problem = `tls ${peer}`
    const mistake = mistakeNow()
    if (mistake === undefined) {
      context = createTlsContext(materialNow())
      problems.resolve(problem)
      log.info(`the certificates for ${peer} were read anew`)
      const expiry = noteExpiry()
      if (expiry !== undefined) log.error(expiry)
      return
    }
    const sentence = `${mistake.variable}: ${mistake.reason}${KEPT}`
    problems.report(problem, sentence)
    log.error(sentence)
  }

  function noteExpiry(): string | undefined {
    const problem = `tls ${peer} expired`
    const expiry = findExpiry(materialNow(), now())
    if (expiry === undefined) problems.resolve(problem)
    else problems.report(problem, expiry)
    return expiry
  }

  // The warnings of the configuration have told the log.
  noteExpiry()
  return {
    current: () => context,
    close() {
      isClosed = true
      for (const file of watched) file.close()
    },
  }
}

const KEPT = '; the version before stays in use'

function listFiles({ authorities, identity }: TlsMaterial): readonly PemFile[] {
  return identity === undefined ? authorities : [...authorities, identity.cert, identity.key]
}

function withTexts(
  { authorities, identity }: TlsMaterial,
  texts: ReadonlyMap<string, PemFile['text']>,
): TlsMaterial {
  const renew = (file: PemFile) => ({ ...file, text: texts.get(file.variable) ?? file.text })
  return {
    authorities: authorities.map(renew),
    identity: identity && { cert: renew(identity.cert), key: renew(identity.key) },
  }
}
