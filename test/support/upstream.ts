import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Teardown } from './demo-servers.ts'

/** One request as the upstream saw it. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly authorization: string | undefined
  /** Of the body, once it was read. */
  sha256?: string
  bytes?: number
}

export interface Upstream {
  readonly url: string
  readonly port: number
  readonly requests: readonly SeenRequest[]
  close(): Promise<void>
}

export type Handle = (
  req: IncomingMessage,
  res: ServerResponse,
  seen: SeenRequest,
) => void | Promise<void>

/** A protected resource of which the test is the author: real sockets on a free port of the loopback. */
export async function startUpstream(
  t: Teardown,
  handle: Handle,
  listenPort = 0,
): Promise<Upstream> {
  const requests: SeenRequest[] = []
  const server = createServer({ maxHeaderSize: 65_536 }, (req, res) => {
    const seen: SeenRequest = {
      method: req.method ?? '',
      target: req.url ?? '',
      rawHeaders: req.rawHeaders,
      authorization: req.headers.authorization,
    }
    requests.push(seen)
    Promise.resolve(handle(req, res, seen)).catch(() => res.destroy())
  })
  server.listen(listenPort, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  async function close(): Promise<void> {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.teardown(close)
  return { url: `http://127.0.0.1:${port}`, port, requests, close }
}

/** Reads the whole body into `seen`. */
export async function readAll(req: IncomingMessage, seen: SeenRequest): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of req) {
    hash.update(chunk)
    bytes += chunk.length
  }
  seen.sha256 = hash.digest('hex')
  seen.bytes = bytes
}

/** The scopes of the bearer, read without verification: a test's upstream believes what it sees. */
export function scopesOf(authorization: string | undefined): readonly string[] {
  const payload = authorization?.split('.')[1]
  if (payload === undefined) return []
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  if (typeof claims !== 'object' || claims === null || !('scope' in claims)) return []
  return typeof claims.scope === 'string' ? claims.scope.split(' ') : []
}

/** Denies as RFC 6750 §3 says unless the bearer holds the scope; answers whether it did. */
export function requireScope(req: IncomingMessage, res: ServerResponse, scope: string): boolean {
  if (scopesOf(req.headers.authorization).includes(scope)) return true
  res.writeHead(403, [
    'WWW-Authenticate',
    `Bearer error="insufficient_scope", scope="${scope}"`,
    'X-Upstream',
    'denied',
    'Content-Type',
    'text/plain',
  ])
  res.end('denied\n')
  return false
}
