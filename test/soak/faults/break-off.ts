import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { bytesOf } from '../bodies.ts'
import type { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'

const HALF_A_BODY = { offset: 0, bytes: 2048 }

/** Plays the plan's fault; whether the request is done with. `false`: the right answer is still to come. */
export function breakOff(
  plan: Plan,
  // The request's: an answer that waits for the end of the one before has none yet.
  socket: Socket,
  res: ServerResponse,
  ledger: Ledger,
): boolean {
  switch (plan.fault) {
    case 'reset':
      socket.resetAndDestroy()
      return true
    case 'stall':
      return true
    case 'garbage':
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd')
      return true
    case 'half-head':
      socket.end('HTTP/1.1 200 OK\r\nContent-Ty')
      return true
    case 'server-error':
      // The rest of the body is never read.
      res.setHeader('connection', 'close')
      res.writeHead(plan.answer.isChunked ? 500 : 503, { 'x-soak-id': plan.id, 'x-soak': 'fault' })
      res.end('broken')
      return true
    case 'truncated':
      truncate(plan, res)
      return true
    case 'interim':
      // Node would write these behind the final head of an answer that waits for the end of the one before.
      if (res.socket === null) return false
      res.writeProcessing()
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
      return false
    case 'close':
      res.setHeader('connection', 'close')
      return false
    case 'silent-close':
      ledger.silentCloses += 1
      res.once('finish', () => socket.end())
      return false
    default:
      return false
  }
}

/** More is promised, by a length or by a last chunk that never comes. */
function truncate({ id, answer }: Plan, res: ServerResponse): void {
  const length = answer.isChunked ? {} : { 'content-length': '4096' }
  res.writeHead(200, { 'x-soak-id': id, 'x-soak': 'fault', ...length })
  res.write(bytesOf(HALF_A_BODY), () => res.destroy())
}
