import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'

export interface Call {
  readonly method?: string
  readonly path: string
  readonly token?: string
  /** Sent as JSON. */
  readonly json?: unknown
}

export interface Answer {
  readonly status: number
  /** Every field line as it was on the wire: name and value, in order. */
  readonly fields: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly outcome: string | undefined
}

/** What every caller saw; searched for tokens and secrets at the end. */
export interface Transcript {
  add(text: string): void
  text(): string
}

const CALL_TIMEOUT_MS = 60_000

export function createTranscript(): Transcript {
  const parts: string[] = []
  return { add: (text) => void parts.push(text), text: () => parts.join('\n') }
}

/** `fetch` for an SDK, writing down what the SDK gets to see. */
export function recordingFetch(transcript: Transcript): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    transcript.add(JSON.stringify([...response.headers]))
    // A stream is read on the side; when its reader gives up, so does this.
    void response
      .clone()
      .text()
      .then(transcript.add, () => {})
    return response
  }
}

/** One plain HTTP/1.1 request on a connection of its own, as curl sends it. */
export function call(origin: string, { method, path, token, json }: Call): Promise<Answer> {
  const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json))
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        agent: false,
        timeout: CALL_TIMEOUT_MS,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': body.length }),
        },
      },
      (response) => void readAnswer(response).then(resolve, reject),
    )
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${CALL_TIMEOUT_MS} ms`)))
    sent.once('error', reject)
    sent.end(body)
  })
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const outcome = response.headers['scopelift-outcome']
  return {
    status: response.statusCode ?? 0,
    fields: pairUp(response.rawHeaders),
    body: Buffer.concat(chunks),
    outcome: typeof outcome === 'string' ? outcome : undefined,
  }
}

function pairUp(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: rawHeaders.length / 2 }, (_, index) => [
    rawHeaders[index * 2] ?? '',
    rawHeaders[index * 2 + 1] ?? '',
  ])
}
