import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** A body of known length up to this is gathered and sent whole: one write, and replayable for nothing. In bytes. */
export const MAX_GATHERED_BYTES = 65_536

/** Calls back once with the whole body; never, if the caller leaves before its end. */
export function gatherBody(req: IncomingMessage, onGathered: (body: Buffer) => void): void {
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  req.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk
    else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  })
  req.on('end', () => onGathered(rest === undefined ? (first ?? EMPTY) : Buffer.concat(rest)))
}

const EMPTY = Buffer.alloc(0)

/**
 * The body as a stream of its own: a transport may destroy it (undici does when an answer comes early) without taking
 * the caller's connection along. `onFirstRead` is called when somebody really wants the body: the moment for 100-continue.
 */
export function streamBody(req: IncomingMessage, onFirstRead: () => void): Readable {
  let isStarted = false

  function start(): void {
    isStarted = true
    onFirstRead()
    req.on('data', onData)
    req.on('end', onEnd)
    req.on('close', onClose)
  }
  function onData(chunk: Buffer): void {
    if (!body.push(chunk)) req.pause()
  }
  function onEnd(): void {
    body.push(null)
  }
  function onClose(): void {
    if (!req.complete) body.destroy(new Error('the caller left before the end of its request'))
  }

  const body = new Readable({
    read() {
      if (isStarted) req.resume()
      else start()
    },
    destroy(error, callback) {
      req.off('data', onData)
      req.off('end', onEnd)
      req.off('close', onClose)
      callback(error)
    },
  })
  return body
}
