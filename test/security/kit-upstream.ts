import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Teardown } from '../support/demo-servers.ts'
import type { Handle, SeenRequest } from '../support/upstream.ts'
import { readAll } from '../support/upstream.ts'

/** The protected resource of the kit: each check serves a path of its own, so that checks do not see each other. */
export interface KitUpstream {
  readonly url: string
  /** Every request that has reached it. */
  readonly requests: readonly SeenRequest[]
  serve(handle?: Handle, onUpgrade?: OnUpgrade): Stand
}

export interface Stand {
  /** Everything under it is answered by the stand. */
  readonly path: string
  readonly requests: readonly SeenRequest[]
}

export type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

interface Served {
  readonly handle: Handle
  readonly onUpgrade: OnUpgrade | undefined
  readonly requests: SeenRequest[]
}

const MAX_HEAD_BYTES = 131_072

/** `port` 0: any free one of the loopback, else the given one on all addresses. */
export async function startKitUpstream(t: Teardown, port = 0): Promise<KitUpstream> {
  const requests: SeenRequest[] = []
  const stands = new Map<string, Served>()
  const sockets = new Set<Duplex>()
  const find = (target: string) => stands.get(/^\/kit-\d+/.exec(target)?.[0] ?? '')

  const server = createServer(
    { maxHeaderSize: MAX_HEAD_BYTES, keepAliveTimeout: 60_000 },
    (req, res) => {
      const seen = see(req, requests)
      const stand = find(seen.target)
      stand?.requests.push(seen)
      answer(stand?.handle ?? ok, req, res, seen).catch(() => res.destroy())
    },
  )
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => {})
    const seen = see(req, requests)
    const stand = find(seen.target)
    stand?.requests.push(seen)
    if (stand?.onUpgrade !== undefined) stand.onUpgrade(req, socket, head)
    else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  })
  server.listen(port, ...(port === 0 ? ['127.0.0.1'] : []))
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port

  return {
    url: `http://127.0.0.1:${bound}`,
    requests,
    serve(handle = ok, onUpgrade) {
      const path = `/kit-${stands.size + 1}`
      const served: Served = { handle, onUpgrade, requests: [] }
      stands.set(path, served)
      return { path, requests: served.requests }
    },
  }
}

/** Reads the body and says `ok`. */
export const ok: Handle = async (req, res, seen) => {
  await readAll(req, seen)
  res.end('ok')
}

/** Exactly these octets in place of an answer, outside of Node's own writer. */
export function writeOctets(req: IncomingMessage, octets: string | Buffer, closes = true): void {
  const bytes = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
  if (closes) req.socket.end(bytes)
  else req.socket.write(bytes)
}

/** A handle that throws at once ends its own request, and not the run. */
async function answer(handle: Handle, ...request: Parameters<Handle>): Promise<void> {
  await handle(...request)
}

function see(req: IncomingMessage, requests: SeenRequest[]): SeenRequest {
  const { method = '', url = '', rawHeaders, headers } = req
  const seen = { method, target: url, rawHeaders, authorization: headers.authorization }
  requests.push(seen)
  return seen
}
