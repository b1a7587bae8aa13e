import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { scopesOf } from '../../support/upstream.ts'
import { cut, listen } from '../loopback-server.ts'

export interface EchoUpstream {
  readonly url: string
  readonly openTunnels: number
  close(): Promise<void>
}

const SCOPE = 'mcp:list_files'

/** Says back what it hears, refuses handshakes without the scope, and ends a tunnel as its first message tells. */
export async function startEchoUpstream(): Promise<EchoUpstream> {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer((_req, res) => void res.writeHead(404).end())
  server.on('upgrade', (req, socket: Duplex, head) => {
    socket.on('error', () => undefined)
    if (scopesOf(req.headers.authorization).includes(SCOPE)) {
      sockets.handleUpgrade(req, socket, head, echo)
    } else {
      const challenge = `Bearer error="insufficient_scope", scope="${SCOPE}"`
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      )
    }
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    get openTunnels() {
      return sockets.clients.size
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      await cut(server)
    },
  }
}

function echo(socket: WebSocket): void {
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => {
    if (isBinary) socket.send(data)
    else if (String(data) === 'close') socket.close()
    else socket.terminate()
  })
}
