import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { scopesOf } from '../../support/upstream.ts'
import { markerOf } from '../identities.ts'
import { cut, listen } from '../loopback-server.ts'
import { breakOff } from './break-off.ts'
import { deny, grant } from './give-answer.ts'
import type { Attempt, Entry, Ledger } from './ledger.ts'

export interface FaultyUpstream {
  readonly url: string
  close(): Promise<void>
}

/** Does to each request what its plan says, and writes down what it has seen. */
export async function startFaultyUpstream(ledger: Ledger): Promise<FaultyUpstream> {
  const server = createServer((req, res) => {
    req.on('error', () => undefined)
    serve(ledger, req, res).catch(() => res.destroy())
  })
  const port = await listen(server)
  return { url: `http://127.0.0.1:${port}`, close: () => cut(server) }
}

async function serve(ledger: Ledger, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const entry = ledger.find(String(req.headers['x-soak-id']))
  // Its caller has left, and nobody waits for the answer.
  if (entry === undefined) {
    res.destroy()
    return
  }
  const { plan } = entry
  const attempt = note(entry, req)
  const isWhole = await readUpTo(req, attempt, plan.decidesAfterBytes)
  // Who will not read on says so: else the next request on the connection would pay for it.
  if (!isWhole && plan.afterEarly !== 'read-on') res.setHeader('connection', 'close')
  const isHit = plan.fault !== undefined && (plan.faultHits === 'denied') === attempt.isDenied
  if (isHit && breakOff(plan, req.socket, res, ledger)) return
  if (attempt.isDenied) await deny(plan, res)
  else await grant(plan, res)
  if (isWhole) return
  if (plan.afterEarly === 'read-on') await readUpTo(req, attempt, undefined)
  else if (plan.afterEarly === 'close') req.socket.destroy()
  else req.socket.resetAndDestroy()
}

function note({ plan, attempts }: Entry, req: IncomingMessage): Attempt {
  const { authorization } = req.headers
  const attempt: Attempt = {
    marker: markerOf(authorization),
    isDenied: plan.scope !== undefined && !scopesOf(authorization).includes(plan.scope),
    bytes: 0,
    hash: createHash('sha256'),
    sha256: undefined,
  }
  attempts.push(attempt)
  return attempt
}

/** Reads until the end, or until there are so many bytes; whether the end was reached. */
async function readUpTo(
  req: IncomingMessage,
  attempt: Attempt,
  limitBytes: number | undefined,
): Promise<boolean> {
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    attempt.hash.update(chunk)
    attempt.bytes += chunk.length
    if (limitBytes !== undefined && attempt.bytes > limitBytes) return false
  }
  attempt.sha256 = attempt.hash.digest('hex')
  return true
}
