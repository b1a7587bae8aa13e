import { request } from 'node:http'

export interface HttpCall {
  readonly method: string
  readonly url: string
  readonly token?: string
  readonly json?: unknown
  readonly form?: URLSearchParams
  /** Told of each piece of the body as it arrives. */
  readonly onText?: (text: string) => void
}

export interface HttpAnswer {
  readonly status: number
  /** Names and values alternately, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** Milliseconds from sending to the end of the body. */
  readonly ms: number
  header(name: string): string | undefined
}

const DEADLINE_MS = 30_000

/** One HTTP exchange on a connection of its own, at most 30 s long: the header lines stay as the server wrote them. */
export function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const body = call.json === undefined ? call.form?.toString() : JSON.stringify(call.json)
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const options = {
      method: call.method,
      headers: headersOf(call, body),
      signal: AbortSignal.timeout(DEADLINE_MS),
      agent: false,
    } as const
    const sent = request(call.url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        call.onText?.(chunk.toString('utf8'))
      })
      response.on('error', reject)
      response.on('end', () => {
        const { rawHeaders, statusCode = 0 } = response
        resolve({
          status: statusCode,
          rawHeaders,
          body: Buffer.concat(chunks),
          ms: performance.now() - startedMs,
          header: (name) => response.headersDistinct[name]?.join(', '),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function headersOf(call: HttpCall, body: string | undefined): Record<string, string | number> {
  return {
    ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
    ...(call.json !== undefined && { 'content-type': 'application/json' }),
    ...(call.form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  }
}
