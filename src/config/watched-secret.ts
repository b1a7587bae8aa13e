import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import type { SecretSource } from './config.ts'
import { cutTrailingNewline } from './secret-files.ts'
import { createWatchedFile } from './watched-file.ts'

/** A secret that may change while the process runs. */
export interface WatchedSecret {
  current(): Secret
  /** Reads the file now; whether the secret changed. Resolves to `false` for a secret that is no file. */
  refresh(): Promise<boolean>
  close(): void
}

export interface WatchedSecretOptions {
  readonly intervalMs: number
  /** The file was read, after a change or after a time in which it could not be read. */
  readonly onRead: (isNew: boolean) => void
  /** The file cannot be read any more, or is empty; the secret in use stays. */
  readonly onError: (error: Error) => void
}

const MAX_SECRET_BYTES = 65_536

export function watchSecret(source: SecretSource, options: WatchedSecretOptions): WatchedSecret {
  let secret = source.secret
  if (source.kind === 'value') {
    return { current: () => secret, refresh: async () => false, close() {} }
  }
  const file = createWatchedFile({
    path: source.path,
    intervalMs: options.intervalMs,
    maxBytes: MAX_SECRET_BYTES,
    text: secret.expose(),
    onChange(text) {
      const value = cutTrailingNewline(text)
      // A file that is being written is empty for a moment.
      if (value === '') throw new Error('the file of KEYCLOAK_CLIENT_SECRET_FILE is empty')
      const isNew = value !== secret.expose()
      if (isNew) secret = createSecret(value)
      options.onRead(isNew)
    },
    onError: options.onError,
  })
  return {
    current: () => secret,
    async refresh() {
      const before = secret
      await file.check()
      return secret !== before
    },
    close: () => file.close(),
  }
}
