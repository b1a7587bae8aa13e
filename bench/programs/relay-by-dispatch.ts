import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Agent, Dispatcher } from 'undici'
import { readRawHeaders } from '../../src/raw-headers.ts'

export interface Relaying {
  readonly agent: Agent
  readonly origin: string
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

const MAX_GATHERED_BYTES = 65_536
const HOP_BY_HOP = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade'])

/** As little as a relay can do: raw header lines, small bodies gathered, the last chunk and the end in one write. */
export function relayByDispatch({ agent, origin, req, res }: Relaying): void {
  const length = Number(req.headers['content-length'] ?? 0)
  const send = (body: Buffer | IncomingMessage | null) => {
    const { method = 'GET', url = '/' } = req
    const options = { origin, path: url, headers: endToEnd(req.rawHeaders), body }
    agent.dispatch({ ...options, method: toMethod(method) }, new AnswerHandler(res))
  }
  if (req.headers['transfer-encoding'] !== undefined || length > MAX_GATHERED_BYTES) send(req)
  else if (length === 0) send(null)
  else gather(req, send)
}

function gather(req: IncomingMessage, send: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => send(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
}

/** Only these two are ever sent here, but for the checks. */
function toMethod(method: string): 'GET' | 'POST' {
  return method === 'POST' ? 'POST' : 'GET'
}

function endToEnd(lines: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [name = '', value = ''] = [lines[i], lines[i + 1]]
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  #bytesLeft = Number.NaN

  constructor(res: ServerResponse) {
    this.#res = res
  }

  onRequestStart(): void {}

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    statusMessage?: string,
  ): void {
    this.#bytesLeft = Number(headers['content-length'] ?? Number.NaN)
    this.#res.writeHead(status, statusMessage, endToEnd(readRawHeaders(controller.rawHeaders)))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytesLeft -= chunk.length
    if (this.#bytesLeft === 0) this.#res.end(chunk)
    else if (!this.#res.write(chunk)) {
      controller.pause()
      this.#res.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(): void {
    if (!this.#res.writableEnded) this.#res.end()
  }

  onResponseError(): void {
    this.#res.destroy()
  }
}
