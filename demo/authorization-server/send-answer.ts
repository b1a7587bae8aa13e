import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault } from './faults.ts'
import type { OAuthAnswer } from './oauth-answer.ts'

/** Writes the answer, or what a fault makes of it. `signal` ends delays when the server closes. */
export async function sendAnswer(
  response: ServerResponse,
  fault: Fault | undefined,
  signal: AbortSignal,
  makeAnswer: () => OAuthAnswer | Promise<OAuthAnswer>,
): Promise<void> {
  switch (fault?.kind) {
    case 'stall':
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'answer':
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      response.end(fault.body)
      return
    case 'huge-body':
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`{"access_token":"${'x'.repeat(fault.bytes - 19)}"}`)
      return
    case 'delay':
      await wait(fault.ms, undefined, { signal, ref: false }).catch(() => undefined)
      break
    default:
  }
  const { status, headers, body } = await makeAnswer()
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    'content-length': Buffer.byteLength(text),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  if (fault?.kind !== 'truncate') {
    response.end(text)
    return
  }
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}
