import type { SecretSource } from './config.ts'
import { MAX_SECRET_BYTES } from './file-bounds.ts'
import { cutTrailingNewline } from './secret-files.ts'
import { createWatchedFile } from './watched-file.ts'

/** A secret or key that may change while the process runs, as what it is used as. */
export interface WatchedSecret<T> {
  current(): T
  /** Reads the file now; whether the secret changed. Resolves to `false` for a secret that is no file. */
  refresh(): Promise<boolean>
  close(): void
}

export interface WatchedSecretOptions<T> {
  readonly intervalMs: number
  /** Makes of a text what is used; throws for one that is no good, with a message that holds nothing of it. */
  readonly parse: (text: string) => T
  /** The file was read, after a change or after a time in which it was no good. */
  readonly onRead: (isNew: boolean) => void
  /** The file cannot be read any more, or is no good; what is in use stays. */
  readonly onError: (error: Error) => void
}

/** Throws what `parse` throws for the source as it is now. */
export function watchSecret<T>(
  source: SecretSource,
  options: WatchedSecretOptions<T>,
): WatchedSecret<T> {
  let text = source.secret.expose()
  let current = options.parse(text)
  if (source.kind === 'value') {
    return { current: () => current, refresh: async () => false, close() {} }
  }
  const file = createWatchedFile({
    path: source.path,
    intervalMs: options.intervalMs,
    maxBytes: MAX_SECRET_BYTES,
    text,
    onChange(content) {
      const found = cutTrailingNewline(content)
      const parsed = options.parse(found)
      const isNew = found !== text
      if (isNew) {
        text = found
        current = parsed
      }
      options.onRead(isNew)
    },
    onError: options.onError,
  })
  return {
    current: () => current,
    async refresh() {
      const before = current
      await file.check()
      return current !== before
    },
    close: () => file.close(),
  }
}
