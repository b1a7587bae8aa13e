import type { Dispatcher } from 'undici'
import { MAX_DENIAL_BYTES } from '../denial/json-body.ts'
import type { RawHeaders } from '../raw-headers.ts'
import { readRawHeaders } from '../raw-headers.ts'

/** A 401 or 403 that the caller has not seen yet: its head, and its body as far as it has arrived. */
export interface HeldDenial {
  readonly status: number
  readonly headers: RawHeaders
  /** `false`: the chunk goes beyond what is read of a denial, which then streams to the caller. It is held all the same, so that nothing is lost on release. */
  add(chunk: Buffer): boolean
  body(): Buffer
  /** Head and body as they came, to the handler that waits for them; what is still to arrive may follow. */
  release(handler: Dispatcher.DispatchHandler, controller: Dispatcher.DispatchController): void
}

export function holdDenial(head: {
  readonly status: number
  readonly statusMessage: string | undefined
  readonly rawHeaders: unknown
}): HeldDenial {
  const { status, statusMessage } = head
  const headers = readRawHeaders(head.rawHeaders)
  const chunks: Buffer[] = []
  let bytes = 0

  return {
    status,
    headers,
    add(chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      return bytes <= MAX_DENIAL_BYTES
    },
    body: () => Buffer.concat(chunks),
    release(handler, controller) {
      handler.onResponseStart?.(controller, status, {}, statusMessage)
      if (bytes > 0) handler.onResponseData?.(controller, Buffer.concat(chunks))
    },
  }
}
