export const ABORTED = Symbol('aborted')

/**
 * Waits for a promise that others may share, but no longer than the signal allows. The promise itself goes on;
 * it must be one that settles by itself in bounded time.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | typeof ABORTED> {
  if (signal.aborted) {
    promise.catch(() => {})
    return ABORTED
  }
  let onAbort = () => {}
  const aborted = new Promise<typeof ABORTED>((resolve) => {
    onAbort = () => resolve(ABORTED)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
