// The upstream of large bodies: it reads or writes them at the pace that the query says, and may deny them at their end.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { requireScope } from '../../test/support/upstream.ts'
import { SCOPE } from '../upstream/answers.ts'
import { readEnvironment } from './environment.ts'

const CHUNK = Buffer.alloc(65_536, 'x')
/** A slow reader stops this long after each 4 MiB. */
const PAUSE_MS = 50
const PAUSE_AFTER_BYTES = 4 * 2 ** 20

const server = createServer({ maxHeaderSize: 65_536 }, (req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://bodies')
  if (pathname === '/down') writeBody(res, Number(searchParams.get('bytes')))
  else if (pathname === '/up-slowly') readSlowly(req, res)
  else if (pathname === '/up-denied') readAndJudge(req, res)
  else answerCount(res, 0)
})
server.listen({ port: readEnvironment().port, host: '127.0.0.1' })

function writeBody(res: ServerResponse, bytes: number): void {
  res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
  let left = bytes
  const go = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
      left -= chunk.length
      if (!res.write(chunk)) {
        res.once('drain', go)
        return
      }
    }
    res.end()
  }
  go()
}

function readSlowly(req: IncomingMessage, res: ServerResponse): void {
  let bytes = 0
  let sincePause = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    sincePause += chunk.length
    if (sincePause < PAUSE_AFTER_BYTES) return
    sincePause = 0
    req.pause()
    setTimeout(() => req.resume(), PAUSE_MS)
  })
  req.once('end', () => answerCount(res, bytes))
}

/** The verdict comes when all is read: the proxy must have kept all of it. */
function readAndJudge(req: IncomingMessage, res: ServerResponse): void {
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  req.once('end', () => {
    if (requireScope(req, res, SCOPE)) answerCount(res, bytes)
  })
}

function answerCount(res: ServerResponse, bytes: number): void {
  const text = String(bytes)
  res.writeHead(200, { 'content-type': 'text/plain', 'content-length': text.length })
  res.end(text)
}
