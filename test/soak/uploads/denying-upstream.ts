import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { scopesOf } from '../../support/upstream.ts'
import { cut, listen } from '../loopback-server.ts'

export interface DenyingUpstream {
  readonly url: string
  /** Bytes of bodies that were read. */
  readonly bytesRead: number
  close(): Promise<void>
}

const SCOPE = 'mcp:list_files'

/**
 * Denies an upload in the middle, after as many bytes as its caller has ordered, and then reads on, stops reading, or
 * resets the connection; reads what comes with the scope, and answers with its digest.
 */
export async function startDenyingUpstream(): Promise<DenyingUpstream> {
  let bytesRead = 0
  const server = createServer((req, res) => {
    req.on('data', (chunk: Buffer) => {
      bytesRead += chunk.length
    })
    req.on('error', () => undefined)
    if (scopesOf(req.headers.authorization).includes(SCOPE)) takeIn(req, res)
    else denyLater(req, res)
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    get bytesRead() {
      return bytesRead
    },
    close: () => cut(server),
  }
}

function takeIn(req: IncomingMessage, res: ServerResponse): void {
  const hash = createHash('sha256')
  req.on('data', (chunk: Buffer) => hash.update(chunk))
  req.once('end', () => {
    res.writeHead(200, { 'x-sha256': hash.digest('hex'), 'content-length': '0' })
    res.end()
  })
}

function denyLater(req: IncomingMessage, res: ServerResponse): void {
  const afterBytes = Number(req.headers['x-soak-deny-after'])
  let bytes = 0
  let isDecided = false
  const decide = () => {
    if (isDecided) return
    isDecided = true
    const then = req.headers['x-soak-then']
    res.writeHead(403, {
      // Who will not read on says so: else the next request on the connection would pay for it.
      ...(then === 'read-on' ? {} : { connection: 'close' }),
      'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
      'content-length': '0',
    })
    if (then === 'stop') req.pause()
    if (then === 'reset') res.once('finish', () => req.socket.resetAndDestroy())
    res.end()
  }
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes >= afterBytes) decide()
  })
  req.once('end', decide)
}
