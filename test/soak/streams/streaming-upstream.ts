import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { requireScope } from '../../support/upstream.ts'
import { markerOf } from '../identities.ts'
import { cut, listen } from '../loopback-server.ts'

export interface StreamingUpstream {
  readonly url: string
  readonly openStreams: number
  /** Ends all streams in order, with a last event. */
  endAll(): void
  close(): Promise<void>
}

/** One event of a stream, as its data line says. */
export interface StreamEvent {
  readonly marker: string
  readonly count: number
  /** By the monotonic clock of this process, which is the caller's too. */
  readonly sentAt: number
  readonly isLast: boolean
}

export const EVENT_INTERVAL_MS = 1_000
const SCOPE = 'mcp:list_files'

/** Server-sent events, one a second, for whoever has the scope. */
export async function startStreamingUpstream(): Promise<StreamingUpstream> {
  const streams = new Set<() => void>()
  const server = createServer((req, res) => {
    req.resume()
    if (!requireScope(req, res, SCOPE)) return
    const end = startStream(res, markerOf(req.headers.authorization) ?? '')
    streams.add(end)
    res.once('close', () => streams.delete(end))
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    get openStreams() {
      return streams.size
    },
    endAll() {
      for (const end of streams) end()
    },
    close: () => cut(server),
  }
}

function startStream(res: ServerResponse, marker: string): () => void {
  let count = 0
  const send = (isLast: boolean) => {
    const event: StreamEvent = { marker, count, sentAt: performance.now(), isLast }
    res.write(`data: ${JSON.stringify(event)}\n\n`)
    count += 1
  }
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  send(false)
  const timer = setInterval(send, EVENT_INTERVAL_MS, false)
  res.once('close', () => clearInterval(timer))
  return () => {
    clearInterval(timer)
    send(true)
    res.end()
  }
}
