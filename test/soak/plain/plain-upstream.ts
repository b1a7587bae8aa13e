import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { requireScope } from '../../support/upstream.ts'
import { cut, listen } from '../loopback-server.ts'

/** An upstream without faults, which can be taken away and put back on the same port. */
export interface PlainUpstream {
  readonly url: string
  /** Whether anything of a request has arrived. */
  hasSeen(id: string): boolean
  /** Cuts every connection and refuses new ones. */
  goDown(): Promise<void>
  comeUp(): Promise<void>
}

/** Paths under it want this scope. */
export const GUARDED_PREFIX = '/v1/files'
const GUARDED_SCOPE = 'mcp:list_files'

export async function startPlainUpstream(): Promise<PlainUpstream> {
  const seen = new Set<string>()
  const createListener = () =>
    createServer((req, res) => {
      seen.add(idOf(req))
      serve(req, res).catch(() => res.destroy())
    })
  let server = createListener()
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    hasSeen: (id) => seen.has(id),
    goDown: () => cut(server),
    async comeUp() {
      server = createListener()
      await listen(server, port)
    },
  }
}

/** The whole body of the right answer. */
export function answerTo(id: string, sha256: string): string {
  return `${id} ${sha256}\n`
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of req) hash.update(chunk)
  if (req.url?.startsWith(GUARDED_PREFIX) && !requireScope(req, res, GUARDED_SCOPE)) return
  const body = answerTo(idOf(req), hash.digest('hex'))
  const delayMs = Number(req.headers['x-soak-delay-ms'])
  if (req.headers['x-soak-delay-in'] === 'body') {
    res.writeHead(200)
    res.write(body.slice(0, 5))
    await wait(delayMs)
    res.end(body.slice(5))
    return
  }
  await wait(delayMs)
  res.writeHead(200, { 'content-length': String(body.length) })
  res.end(body)
}

function idOf(req: IncomingMessage): string {
  return String(req.headers['x-soak-id'])
}
