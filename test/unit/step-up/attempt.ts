import { PassThrough, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { readRawHeaders } from '../../../src/raw-headers.ts'

export interface FakeController extends Dispatcher.DispatchController {
  aborted: boolean
  paused: boolean
  reason: Error | null
}

export interface Answer {
  readonly status: number
  /** Field lines alternately, as they came. */
  readonly headers?: readonly string[]
  readonly statusMessage?: string
  readonly body?: string
}

/** What the interceptor has dispatched: the test reads its request, and answers it as an upstream would. */
export interface Attempt {
  readonly options: Dispatcher.DispatchOptions
  readonly authorization: string | undefined
  readonly controller: FakeController
  /** Reads what is still to be read of the request body. */
  readBody(): Promise<string>
  /** Reads the request body's next chunk. */
  readChunk(): Promise<string>
  start(): void
  head(answer: Answer): void
  data(chunk: string | Buffer): void
  end(): void
  /** The whole answer, and the request body is destroyed as undici does when an answer comes before its end. */
  answer(answer: Answer): void
  fail(error?: Error): void
  upgrade(status: number): void
}

export function createAttempt(
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): Attempt {
  const controller = createController()
  const { body } = options
  const chunks = body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : undefined

  async function readChunk(): Promise<string> {
    const { done, value } = (await chunks?.next()) ?? { done: true, value: undefined }
    return done === true ? '' : String(value)
  }

  const attempt: Attempt = {
    options,
    authorization: authorizationOf(options),
    controller,
    readChunk,
    async readBody() {
      if (body === null || body === undefined) return ''
      if (Buffer.isBuffer(body)) return body.toString('latin1')
      let text = ''
      for (let chunk = await readChunk(); chunk !== ''; chunk = await readChunk()) text += chunk
      return text
    },
    start: () => handler.onRequestStart?.(controller, {}),
    head({ status, headers = [], statusMessage = 'Said So' }) {
      controller.rawHeaders = headers.map((line) => Buffer.from(line, 'latin1'))
      handler.onResponseStart?.(controller, status, {}, statusMessage)
    },
    data: (chunk) => handler.onResponseData?.(controller, Buffer.from(chunk)),
    end() {
      handler.onResponseEnd?.(controller, {})
      if (body instanceof Readable) body.destroy()
    },
    answer(answer) {
      attempt.head(answer)
      if (answer.body !== undefined) attempt.data(answer.body)
      attempt.end()
    },
    fail(error = new Error('the connection broke')) {
      if (body instanceof Readable) body.destroy()
      handler.onResponseError?.(controller, error)
    },
    upgrade(status) {
      handler.onRequestUpgrade?.(controller, status, {}, new PassThrough())
    },
  }
  return attempt
}

export function createController(): FakeController {
  return {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: null,
    abort(reason) {
      this.aborted = true
      this.reason = reason
    },
    pause() {
      this.paused = true
    },
    resume() {
      this.paused = false
    },
  }
}

function authorizationOf({ headers }: Dispatcher.DispatchOptions): string | undefined {
  const lines = readRawHeaders(headers)
  const at = lines.findIndex((line, i) => i % 2 === 0 && line.toLowerCase() === 'authorization')
  return at === -1 ? undefined : lines[at + 1]
}
