import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import type { TestCertificate } from './certificates.ts'
import type { Teardown } from './demo-servers.ts'

export interface MutualTlsServer {
  readonly url: string
  readonly port: number
  readonly server: Server
  /** The names in the client certificates of the requests so far; `none` without one. */
  readonly names: readonly string[]
  /** Connections so far whose TLS session was resumed. */
  readonly resumed: number
}

/** A server that wants a client certificate of that authority. */
export async function startMutualTlsServer(
  t: Teardown,
  options: {
    readonly certificate: TestCertificate
    readonly clientAuthority: string
    readonly handle: (req: IncomingMessage, res: ServerResponse) => void
    readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  },
): Promise<MutualTlsServer> {
  const { certificate, clientAuthority, handle, maxVersion = 'TLSv1.3' } = options
  const names: string[] = []
  let resumed = 0
  const server = createServer(
    {
      ...certificate,
      ca: clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion,
    },
    (req, res) => {
      names.push(readName(req))
      handle(req, res)
    },
  )
  server.on('secureConnection', (socket) => {
    if (socket.isSessionReused()) resumed += 1
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    server,
    names,
    get resumed() {
      return resumed
    },
  }
}

export function readName(req: IncomingMessage): string {
  if (!(req.socket instanceof TLSSocket)) return 'none'
  const name = req.socket.getPeerX509Certificate()?.subject ?? 'none'
  return name.replace(/^CN=/, '')
}
