import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { BodyStretch } from './bodies.ts'
import { bytesOf } from './bodies.ts'

export interface Upload {
  readonly stretch: BodyStretch
  /** By Transfer-Encoding instead of Content-Length. */
  readonly isChunked: boolean
  readonly pieceBytes: number
  readonly pauseMs: number
}

export interface CallOptions {
  readonly url: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly agent: Agent
  readonly upload?: Upload | undefined
  /** The caller hangs up after this time, or once it has seen the head. */
  readonly leaves?: { readonly afterMs: number } | 'at-head' | undefined
  /** Pause after every chunk that is read. */
  readonly readPauseMs?: number
  /** After this the call counts as hanging. */
  readonly deadlineMs: number
}

/** How a call ended. */
export type Ending =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly sha256: string
      readonly bytes: number
      /** `false`: the connection ended in the middle of the body. */
      readonly isWhole: boolean
    }
  /** We hung up, as planned. */
  | { readonly kind: 'left' }
  /** The connection ended before a head. */
  | { readonly kind: 'failed'; readonly code: string; readonly isReused: boolean }
  | { readonly kind: 'late' }

/** One request, sent and read as told. Never rejects. */
export async function call(options: CallOptions): Promise<Ending> {
  const sent = startRequest(options)
  let ending: Ending | undefined
  const stop = (kind: 'left' | 'late') => {
    ending ??= { kind }
    sent.destroy()
  }
  const deadline = setTimeout(stop, options.deadlineMs, 'late')
  const { leaves } = options
  const leaving = typeof leaves === 'object' ? setTimeout(stop, leaves.afterMs, 'left') : undefined
  const failed = failureOf(sent)
  const uploading = options.upload === undefined ? undefined : write(sent, options.upload)
  if (uploading === undefined) sent.end()
  try {
    const answer = await Promise.race([headOf(sent), failed])
    if ('code' in answer) {
      return ending ?? { kind: 'failed', code: answer.code, isReused: sent.reusedSocket }
    }
    if (leaves === 'at-head') stop('left')
    const read = await readBody(answer, options.readPauseMs ?? 0)
    return ending ?? read
  } finally {
    clearTimeout(deadline)
    clearTimeout(leaving)
    // An answer to half an upload: the rest is not sent, so the connection cannot be used again.
    if (!sent.writableFinished) sent.destroy()
    await uploading
  }
}

function startRequest({ url, method, path, headers, agent, upload }: CallOptions): ClientRequest {
  const { hostname, port } = new URL(url)
  const length =
    upload === undefined || upload.isChunked
      ? {}
      : { 'content-length': String(upload.stretch.bytes) }
  const coding = upload?.isChunked ? { 'transfer-encoding': 'chunked' } : {}
  const all = { ...headers, ...length, ...coding }
  return request({ hostname, port, method, path, headers: all, agent })
}

async function headOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => sent.once('response', resolve))
}

/** Never rejects; an error after the head shows in the body that is not whole. */
async function failureOf(sent: ClientRequest): Promise<{ readonly code: string }> {
  return new Promise((resolve) => {
    sent.on('error', (error: Error & { code?: string }) => {
      resolve({ code: error.code ?? error.message })
    })
    sent.once('close', () => resolve({ code: 'closed' }))
  })
}

async function write(sent: ClientRequest, upload: Upload): Promise<void> {
  const { pieceBytes, pauseMs, stretch } = upload
  const body = bytesOf(stretch)
  const closed = once(sent, 'close').catch(() => undefined)
  for (let at = 0; at < body.length && !sent.destroyed; at += pieceBytes) {
    const hasRoom = sent.write(body.subarray(at, at + pieceBytes))
    if (!hasRoom) await Promise.race([once(sent, 'drain').catch(() => undefined), closed])
    if (pauseMs > 0) await wait(pauseMs)
  }
  if (!sent.destroyed) sent.end()
}

async function readBody(answer: IncomingMessage, pauseMs: number): Promise<Ending> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of answer) {
      hash.update(chunk)
      bytes += chunk.length
      if (pauseMs > 0) await wait(pauseMs)
    }
  } catch {
    // It shows in `complete`.
  }
  return {
    kind: 'answered',
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    sha256: hash.digest('hex'),
    bytes,
    isWhole: answer.complete,
  }
}
