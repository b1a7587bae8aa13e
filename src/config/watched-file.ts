import { open, stat } from 'node:fs/promises'
import { readErrorCode } from './read-text.ts'

export interface WatchedFileOptions {
  /** Followed through symbolic links at every look. */
  readonly path: string
  readonly intervalMs: number
  /** A larger file is an error. */
  readonly maxBytes: number
  /** The content that is in use already. */
  readonly text: string
  /** Called with a content that differs, or once the file can be read again. If it throws, `onError` gets the error. */
  onChange(text: string): void
  /** Called once when the file cannot be read, and again when the reason changes; the content in use stays. */
  onError(error: Error): void
}

export interface WatchedFile {
  /** Looks at once; joins a look that is under way. */
  check(): Promise<void>
  /** Stops looking; no callback is called any more. */
  close(): void
}

type WatchedFileErrorCode = 'ERR_FILE_UNREADABLE' | 'ERR_FILE_TOO_LARGE'

class WatchedFileError extends Error {
  readonly code: WatchedFileErrorCode

  constructor(code: WatchedFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WatchedFileError'
    this.code = code
  }
}

/**
 * Looks at a file in intervals. Watching by inotify would miss what Kubernetes does: it swaps the link `..data`, far from
 * the file's own path. The timer does not keep the process alive.
 */
export function createWatchedFile(options: WatchedFileOptions): WatchedFile {
  const { path, intervalMs, maxBytes, onChange, onError } = options
  let text = options.text
  let identity: string | undefined
  let isSettled = false
  let complaint: string | undefined
  let running: Promise<void> | undefined
  let isClosed = false

  async function look(): Promise<void> {
    try {
      const seen = await identify(path)
      // Two writes within one tick of the clock leave the same times: a content counts as read only at its second look.
      if (seen === identity && isSettled && complaint === undefined) return
      const found = await readBounded(path, maxBytes)
      if (isClosed) return
      isSettled = seen === identity
      identity = seen
      take(found)
    } catch (error) {
      if (!isClosed) complain(error)
    }
  }

  function take(found: string): void {
    if (found === text && complaint === undefined) return
    text = found
    complaint = undefined
    try {
      onChange(found)
    } catch (error) {
      onError(toError(error))
    }
  }

  function complain(cause: unknown): void {
    const error = toFileError(cause)
    if (error.message === complaint) return
    complaint = error.message
    onError(error)
  }

  function check(): Promise<void> {
    running ??= look().finally(() => {
      running = undefined
    })
    return running
  }

  const timer = setInterval(() => void check(), intervalMs)
  timer.unref()
  return {
    check: () => (isClosed ? Promise.resolve() : check()),
    close() {
      isClosed = true
      clearInterval(timer)
    },
  }
}

/** Changes with the file itself, its place and its times; `stat` follows symbolic links. */
async function identify(path: string): Promise<string> {
  const found = await stat(path, { bigint: true })
  // Opening a pipe would wait for a writer.
  if (!found.isFile()) throw new WatchedFileError('ERR_FILE_UNREADABLE', 'is not a regular file')
  const { dev, ino, size, mtimeNs, ctimeNs } = found
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

async function readBounded(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(maxBytes + 1)
    let length = 0
    while (length <= maxBytes) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) return buffer.toString('utf8', 0, length)
      length += bytesRead
    }
    throw new WatchedFileError('ERR_FILE_TOO_LARGE', `is larger than ${maxBytes} bytes`)
  } finally {
    await file.close()
  }
}

function toFileError(cause: unknown): WatchedFileError {
  if (cause instanceof WatchedFileError) return cause
  const message = `cannot be read (${readErrorCode(cause)})`
  return new WatchedFileError('ERR_FILE_UNREADABLE', message, { cause })
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('the new content was refused')
}
