import { setTimeout as sleep } from 'node:timers/promises'
import type { Secret } from '../secret.ts'
import type { Assertion } from './assertion-file.ts'
import { MAX_ASSERTION_BYTES, parseAssertion, readAssertionFile } from './assertion-file.ts'
import { createWatchedFile } from './watched-file.ts'

export interface WatchedAssertion {
  /** Reads the file; where it holds no assertion, the last good one until its `exp`; `undefined`: there is none. */
  read(): Promise<Secret | undefined>
  /** Reads the file now; whether there is another assertion in it than was used last. */
  refresh(): Promise<boolean>
  close(): void
}

export interface WatchedAssertionOptions {
  readonly path: string
  readonly intervalMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The watcher has found an assertion, after a change or after a time without one. */
  readonly onRead: () => void
  /** Another assertion than before is about to be used. */
  readonly onNew: () => void
  /** The file cannot be read, or holds none. */
  readonly onError: (error: Error) => void
}

/** No file holds it: the first look tells of any content, also of an empty one. */
const NOT_READ_YET = '\u0000'
/** Whoever writes a file in place is done by then, as a rule. */
const SECOND_LOOK_MS = 50

/** Read per use. It is watched too, so that `/readyz` tells of a file that is missing before somebody needs it. */
export function watchAssertion(options: WatchedAssertionOptions): WatchedAssertion {
  const { path, now, onNew } = options
  let used = ''
  let good: Assertion | undefined
  const file = createWatchedFile({
    path,
    intervalMs: options.intervalMs,
    maxBytes: MAX_ASSERTION_BYTES,
    text: NOT_READ_YET,
    onChange(text) {
      good = parseAssertion(text)
      options.onRead()
    },
    onError: options.onError,
  })
  void file.check()

  async function look(): Promise<Secret | undefined> {
    try {
      good = await readAssertionFile(path)
      return good.token
    } catch {
      // The watcher alone tells of it, since it alone sees when the file is there again.
      await file.check()
      return undefined
    }
  }
  async function lookTwice(standIn: () => Secret | undefined): Promise<Secret | undefined> {
    const found = (await look()) ?? standIn()
    if (found !== undefined) return found
    await sleep(SECOND_LOOK_MS)
    return look()
  }
  const lastGood = () => (good !== undefined && now() < good.expiresAtMs ? good.token : undefined)

  return {
    async read() {
      const assertion = await lookTwice(lastGood)
      if (assertion === undefined || assertion.expose() === used) return assertion
      // Who has sent the one before and is refused must know that there is another.
      if (used !== '') onNew()
      used = assertion.expose()
      return assertion
    },
    async refresh() {
      const before = used
      const assertion = await lookTwice(() => undefined)
      return assertion !== undefined && assertion.expose() !== before
    },
    close: () => file.close(),
  }
}
