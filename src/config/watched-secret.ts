import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import type { SecretSource } from './config.ts'
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
  readonly onChange: () => void
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
      const value = text.replace(/\r?\n$/, '')
      if (value === secret.expose()) return
      // A file that is being written is empty for a moment.
      if (value === '') throw new Error('the file of the secret is empty')
      secret = createSecret(value)
      options.onChange()
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
