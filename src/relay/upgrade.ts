import type { IncomingMessage, Server } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { admit } from './admission.ts'
import { REFUSALS, writeRefusal } from './refusal.ts'
import type { Relay } from './relay.ts'

/** Node hands upgrades over outside of all routing and hooks: they come in here, and through the same admission. */
export function listenForUpgrades(server: Server, relay: Relay, pseudonym: string): void {
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    takeOver(socket, () => {
      if (isWebSocketHandshake(req)) openTunnel(relay, pseudonym, { req, socket, head })
      else serveWithoutUpgrade(server, req, socket, head)
    })
  })
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    takeOver(socket, () => writeRefusal(socket, REFUSALS.method))
  })
}

/** Node has taken its own listeners off the socket; without one an error would end the process. */
function takeOver(socket: Duplex, proceed: () => void): void {
  socket.on('error', () => socket.destroy())
  afterEarlierAnswers(socket, proceed)
}

/** Node does not wait for the answers to what was pipelined before an upgrade: they go out first (RFC 9112 §9.3.2). */
function afterEarlierAnswers(socket: Duplex, proceed: () => void): void {
  const earlier = '_httpMessage' in socket ? socket._httpMessage : undefined
  if (!(earlier instanceof ServerResponse)) {
    if (socket.writable) proceed()
  } else if (!socket.destroyed) {
    // At its close Node has given the socket to the next answer, if one is due.
    earlier.once('close', () => afterEarlierAnswers(socket, proceed))
  }
}

function openTunnel(
  relay: Relay,
  pseudonym: string,
  { req, socket, head }: { req: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const target = req.url ?? ''
  const { method = '', httpVersion, rawHeaders } = req
  const admission = admit({ method, target, httpVersion, rawHeaders }, pseudonym)
  if (admission.kind === 'refused') {
    writeRefusal(socket, admission.refusal)
    return
  }
  if (head.length > 0) socket.unshift(head)
  // An answer before this one may have set the time that an idle connection has.
  req.socket.setTimeout(0)
  relay.tunnel({ req, target, head: admission.head, path: admission.path }, socket)
}

/** Only a GET without a body is a handshake (RFC 6455 §4.1). */
function isWebSocketHandshake({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] === undefined || headers['content-length'] === '0')
  )
}

/**
 * Any other protocol is declined by serving the request as if it had not asked (RFC 9110 §7.8); Java's HttpClient asks for
 * `h2c` on every first request. Node has detached the body already, so the head is written again and read anew.
 */
function serveWithoutUpgrade(
  server: Server,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const field = req.rawHeaders[i] ?? ''
    const value = req.rawHeaders[i + 1] ?? ''
    const name = field.toLowerCase()
    if (name === 'connection') text += connectionLine(value)
    else if (!UPGRADE_FIELDS.has(name)) text += `${field}: ${value}\r\n`
  }
  socket.removeAllListeners('error')
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

const UPGRADE_FIELDS = new Set(['upgrade', 'http2-settings'])

/** What else the line says stays: it may ask to close, and it names fields that are for us alone. */
function connectionLine(value: string): string {
  const options = value.split(',').map((option) => option.trim())
  const kept = options.filter((option) => !UPGRADE_FIELDS.has(option.toLowerCase()))
  return kept.length === 0 ? '' : `Connection: ${kept.join(', ')}\r\n`
}
