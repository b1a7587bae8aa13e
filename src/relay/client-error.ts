import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from './refusal.ts'
import { REFUSALS, writeRefusal } from './refusal.ts'

/** What Node's parser refuses never becomes a request: it is answered on the socket, which is closed. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // What still comes behind a refusal is dropped, and is no second mistake.
  if (refused.has(socket) && error.code !== 'ECONNRESET') return
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  refused.add(socket)
  writeRefusal(socket, refusalFor(error.code))
}

const refused = new WeakSet<Socket>()

function refusalFor(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headersTooLarge
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.requestTimeout
  return REFUSALS.malformed
}

/** Whether an answer is being written, or due to an earlier and whole request: ours would land in the middle or be taken for it. */
function isAnswering(socket: Socket): boolean {
  return (
    '_httpMessage' in socket &&
    socket._httpMessage instanceof ServerResponse &&
    (socket._httpMessage.headersSent || socket._httpMessage.req.complete)
  )
}
