import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { keepRoom } from './keep-room.ts'
import type { Metrics } from './metrics.ts'
import { maskTokens } from './printable.ts'
import type { Readiness } from './readiness.ts'

export interface AdminServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly readiness: Readiness
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>
}

export interface AdminServer {
  /** Rejects with Node's error, e.g. `EADDRINUSE`. */
  listen(): Promise<{ readonly host: string; readonly port: number }>
  /** Answers under way get half a second. */
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 500
const MAX_CONNECTIONS = 64

/** Health, readiness and metrics on a listener of their own: nothing in a proxied request can reach them. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { host, port } = options
  const server = createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5000,
      requestTimeout: 5000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => void answer(request, response, options),
  )
  keepRoom(server, MAX_CONNECTIONS)
  return {
    async listen() {
      server.listen({ host, port })
      await once(server, 'listening')
      const address = server.address()
      return { host, port: typeof address === 'object' && address ? address.port : port }
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(cut)
    },
  }
}

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly allow?: string
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminServerOptions,
): Promise<void> {
  const { status, contentType, body, allow } = await decide(request, options)
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(allow !== undefined && { allow }),
    // A body that nobody reads would otherwise stand before the next request.
    ...(hasBody(request) && { connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function decide(
  request: IncomingMessage,
  { readiness, metrics }: AdminServerOptions,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...toText(405, 'method not allowed\n'), allow: 'GET, HEAD' }
  }
  const [path] = (request.url ?? '').split('?', 1)
  switch (path) {
    case '/healthz':
      return toText(200, 'ok\n')
    case '/readyz': {
      const { isReady, status, problems } = await readiness()
      // As in the log: a problem may name what an upstream has named.
      const body = maskTokens(`${JSON.stringify({ status, problems })}\n`)
      return { status: isReady ? 200 : 503, contentType: 'application/json', body }
    }
    case '/metrics':
      return renderMetrics(metrics)
    default:
      return toText(404, 'not found\n')
  }
}

async function renderMetrics(metrics: AdminServerOptions['metrics']): Promise<Answer> {
  try {
    return { status: 200, contentType: metrics.contentType, body: await metrics.render() }
  } catch {
    return toText(500, 'the metrics cannot be read\n')
  }
}

function toText(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
