import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** A body of known length up to this is gathered and sent whole: one write, and replayable for nothing. In bytes. */
export const MAX_GATHERED_BYTES = 65_536

export interface GatherBodyOptions {
  readonly deadlineMs: number
  readonly onGathered: (body: Buffer) => void
  readonly onLate: () => void
}

/** Calls back once: with the whole body, or that it is late; never, if the caller leaves before. */
export function gatherBody(req: IncomingMessage, options: GatherBodyOptions): void {
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    options.onLate()
  }, options.deadlineMs)
  timer.unref()
  req.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk
    else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  })
  req.on('end', () => {
    if (!isLate) options.onGathered(rest === undefined ? (first ?? EMPTY) : Buffer.concat(rest))
  })
  req.on('close', () => clearTimeout(timer))
}

const EMPTY = Buffer.alloc(0)

export interface StreamBodyOptions {
  /** Called when somebody really wants the body: the moment for 100-continue. */
  readonly onFirstRead: () => void
  /** For how long nothing may come of a body that is waited for. */
  readonly silenceMs: number
  /** Called each time that a body was silent for so long. */
  readonly onSilent: () => void
}

/**
 * The body as a stream of its own: a transport may destroy it (undici does when an answer comes early) without taking
 * the caller's connection along.
 */
export function streamBody(req: IncomingMessage, options: StreamBodyOptions): Readable {
  let silence: NodeJS.Timeout | undefined

  function start(): NodeJS.Timeout {
    options.onFirstRead()
    req.on('data', onData)
    req.on('end', onEnd)
    req.on('close', onClose)
    return setInterval(() => {
      // A body that nobody reads at the moment is not its caller's silence.
      if (!req.isPaused()) options.onSilent()
    }, options.silenceMs).unref()
  }
  function onData(chunk: Buffer): void {
    silence?.refresh()
    if (!body.push(chunk)) req.pause()
  }
  function onEnd(): void {
    clearInterval(silence)
    body.push(null)
  }
  function onClose(): void {
    if (!req.complete) body.destroy(new Error('the caller left before the end of its request'))
  }

  const body = new Readable({
    read() {
      if (silence !== undefined) req.resume()
      else silence = start()
    },
    destroy(error, callback) {
      clearInterval(silence)
      req.off('data', onData)
      req.off('end', onEnd)
      req.off('close', onClose)
      callback(error)
    },
  })
  return body
}
