import type { Dispatcher } from 'undici'
import { request } from 'undici'

export interface KeycloakRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborted with the reason `DEADLINE` when the time is up, with any other when nobody waits any more. */
  readonly signal: AbortSignal
}

export interface ReceivedAnswer {
  readonly status: number
  /** Empty where there is none, or more than one. */
  readonly contentType: string
  readonly body: Buffer
}

export type KeycloakAnswer =
  | ({ readonly kind: 'received' } & ReceivedAnswer)
  | { readonly kind: 'none'; readonly reason: NoAnswer }

export type NoAnswer = 'timeout' | 'connection-error' | 'answer-too-large' | 'abandoned'

export const DEADLINE = 'deadline'
const MAX_ANSWER_BYTES = 262_144

/**
 * One request to Keycloak, read to its end. Answers over 256 KiB are cut off; redirects are answers like any other,
 * never followed. Never rejects. `Origin` is never sent: Keycloak answers it with 403.
 */
export async function requestKeycloak(
  dispatcher: Dispatcher,
  { url, method, headers, body, signal }: KeycloakRequest,
): Promise<KeycloakAnswer> {
  if (signal.aborted) return failed(signal)
  try {
    const answer = await request(url, { dispatcher, method, headers, body: body ?? null, signal })
    const bytes = await readBounded(answer.body)
    if (bytes === undefined) return { kind: 'none', reason: 'answer-too-large' }
    const contentType = answer.headers['content-type']
    return {
      kind: 'received',
      status: answer.statusCode,
      contentType: typeof contentType === 'string' ? contentType : '',
      body: bytes,
    }
  } catch {
    return failed(signal)
  }
}

/** Leaving the loop early destroys the body, and with it the connection. */
async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of body) {
    total += chunk.length
    if (total > MAX_ANSWER_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, total)
}

function failed(signal: AbortSignal): KeycloakAnswer {
  if (!signal.aborted) return { kind: 'none', reason: 'connection-error' }
  return { kind: 'none', reason: signal.reason === DEADLINE ? 'timeout' : 'abandoned' }
}
