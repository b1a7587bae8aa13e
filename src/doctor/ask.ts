import type { buildConnector, Dispatcher } from 'undici'
import { request } from 'undici'
import { readErrorCode } from '../error-code.ts'
import { readFailure } from './read-failure.ts'

export interface Question {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Reply =
  | {
      readonly kind: 'received'
      readonly status: number
      /** Empty where there is none, or more than one. */
      readonly contentType: string
      readonly body: Buffer
    }
  /** `reason` is the transport's code, e.g. `ECONNREFUSED`, or `timeout`. */
  | { readonly kind: 'none'; readonly reason: string }

/** Never rejects; never follows a redirect. */
export type Ask = (question: Question) => Promise<Reply>

export interface AskOptions {
  readonly dispatcher: Dispatcher
  /** Connects to the same peer, to see why a question has failed. */
  readonly connect: buildConnector.connector
  /** For one question, connection and answer together. */
  readonly timeoutMs: number
  /** Ends all questions, whatever they wait for. */
  readonly deadline: AbortSignal
}

const MAX_REPLY_BYTES = 262_144

/** A reply is read up to 256 KiB; the rest is left. */
export function createAsk({ dispatcher, connect, timeoutMs, deadline }: AskOptions): Ask {
  return async ({ url, method, headers, body }) => {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), deadline])
    try {
      const answer = await request(url, {
        dispatcher,
        method,
        headers,
        body: body ?? null,
        signal,
      })
      const contentType = answer.headers['content-type']
      return {
        kind: 'received',
        status: answer.statusCode,
        contentType: typeof contentType === 'string' ? contentType : '',
        body: await readStart(answer.body),
      }
    } catch (error) {
      if (signal.aborted) return { kind: 'none', reason: 'timeout' }
      return { kind: 'none', reason: await readFailure(url, readErrorCode(error), connect) }
    }
  }
}

/** Leaving the loop early destroys the body, and with it the connection. */
async function readStart(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    total += chunk.length
    if (total > MAX_REPLY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_REPLY_BYTES)
}
