import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { lingerOnClose } from './lingering-close.ts'
import { REFUSALS, sendRefusal } from './refusal.ts'
import { gatherBody, MAX_GATHERED_BYTES, streamBody } from './request-body.ts'
import type { RequestHead } from './request-head.ts'

export interface UploadsOptions {
  /** For the bodies that are gathered, all together; beyond it they are streamed. */
  readonly gatherTotalBytes: number
  /** For all of a body that is gathered before it is sent; the answer is 408 then. */
  readonly gatherDeadlineMs: number
  /** For how long a streamed upload may be silent before its answer has begun; the answer is 408 then. */
  readonly uploadSilenceMs: number
}

/** A request of which the head has been read, and what becomes of it. */
export interface Upload {
  readonly req: IncomingMessage
  readonly head: RequestHead
  readonly res: ServerResponse
  /** Called once, when the request can go upstream; never, where its caller left or was late before. */
  readonly send: (body: Buffer | Readable | null) => void
  /** The caller, whom nobody hears any more, has got 408 in the middle of its upload. */
  readonly onGivenUp: () => void
}

/** Takes each request's body in the cheapest way that it allows: none, gathered, or streamed. */
export function createUploads(options: UploadsOptions): (upload: Upload) => void {
  let gatheredBytes = 0

  function mayGather(bytes: number): boolean {
    return bytes <= MAX_GATHERED_BYTES && gatheredBytes + bytes <= options.gatherTotalBytes
  }

  function gather({ req, res, send }: Upload, bytes: number): void {
    gatheredBytes += bytes
    res.once('close', () => {
      gatheredBytes -= bytes
    })
    gatherBody(req, {
      deadlineMs: options.gatherDeadlineMs,
      onGathered(body) {
        if (!req.socket.destroyed) send(body)
      },
      onLate: () => sendRefusal(res, REFUSALS.requestTimeout, { closes: true }),
    })
  }

  function stream({ req, res, send, onGivenUp }: Upload, expectsContinue: boolean): void {
    const body = streamBody(req, {
      onFirstRead() {
        if (expectsContinue && !res.headersSent) res.writeContinue()
      },
      silenceMs: options.uploadSilenceMs,
      onSilent() {
        // Where the answer has begun, the upload is the upstream's affair.
        if (res.headersSent) return
        sendRefusal(res, REFUSALS.requestTimeout, { closes: true })
        onGivenUp()
      },
    })
    res.once('close', () => drainRequest(req, body))
    lingerOnClose(req)
    send(body)
  }

  return function take(upload) {
    const { req, head, send } = upload
    const length = head.contentLength === undefined ? 0 : Number(head.contentLength)
    const isChunked = head.transferEncoding !== undefined
    // HTTP/1.0 knows no 100 (RFC 9110 §10.1.1).
    const expectsContinue = head.expect !== undefined && req.httpVersionMinor > 0
    if (length === 0 && !isChunked) send(null)
    else if (!isChunked && !expectsContinue && mayGather(length)) gather(upload, length)
    else stream(upload, expectsContinue)
  }
}

/** An answer came before the end of the upload: the rest is read and dropped, so that the caller gets to read the answer. */
function drainRequest(req: IncomingMessage, body: Readable): void {
  body.destroy()
  if (!req.complete) req.resume()
}
