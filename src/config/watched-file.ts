import { identifyFile, readBounded, toFileError } from './read-bounded.ts'

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
  /** Looks at the file as it is from now on: a look that is under way may have read it before, so another follows it. */
  check(): Promise<void>
  /** Stops looking; no callback is called any more. */
  close(): void
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
  let following: Promise<void> | undefined
  let isClosed = false

  async function look(): Promise<void> {
    try {
      const seen = await identifyFile(path)
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

  function start(): Promise<void> {
    running = look().finally(() => {
      running = undefined
    })
    return running
  }

  function check(): Promise<void> {
    if (isClosed) return Promise.resolve()
    if (running === undefined) return start()
    following ??= running.then(() => {
      following = undefined
      return start()
    })
    return following
  }

  const timer = setInterval(() => {
    if (running === undefined) void start()
  }, intervalMs)
  timer.unref()
  return {
    check,
    close() {
      isClosed = true
      clearInterval(timer)
    },
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('the new content was refused')
}
