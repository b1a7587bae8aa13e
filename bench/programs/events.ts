// Event streams: `/events` has 20 events, each written by itself; `/hold` has one a second and does not end.
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { readEnvironment } from './environment.ts'
import { EVENT, EVENTS } from './events-wanted.ts'

const HOLD_INTERVAL_MS = 1_000

const server = createServer((req, res) => {
  req.resume()
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  if (req.url === '/hold') hold(res)
  else writeEvents(res, EVENTS)
})
server.listen({ port: readEnvironment().port, host: '127.0.0.1', backlog: 4096 })

/** Each in a turn of its own, as a model that is asked for tokens writes them. */
function writeEvents(res: ServerResponse, left: number): void {
  if (left === 0) {
    res.end()
    return
  }
  res.write(EVENT)
  setImmediate(writeEvents, res, left - 1)
}

function hold(res: ServerResponse): void {
  res.write(EVENT)
  const timer = setInterval(() => res.write(EVENT), HOLD_INTERVAL_MS)
  res.once('close', () => clearInterval(timer))
}
