import { createServer } from 'node:http'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { createTokenCheck } from './access-token.ts'
import type { RefusalStyle } from './refusals.ts'
import type { ReadBody } from './request-body.ts'
import { createRoutes, restyle } from './routes.ts'
import { serveCall } from './serve-call.ts'

export interface ProtectedResourceOptions {
  /** 0 or none: any free port of the loopback. */
  readonly port?: number
  /** The `iss` that tokens must have. */
  readonly issuer: string
  readonly jwksUri: string
  readonly audience: string
  /** Another way to refuse, by route: `chat-completions`, `agents`, `sessions`, `files`, `tool-invocation`. */
  readonly styles?: Readonly<Record<string, RefusalStyle>>
  /** Between two words of a streamed answer; none: 40. */
  readonly chunkDelayMs?: number
  /** How soon the key set may be fetched again for an unknown key; none: 30 000. */
  readonly keyCooldownMs?: number
}

/** One request as it arrived. */
interface ArrivedRequest {
  readonly method: string
  /** Byte for byte. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** The token, for tests that ask which one was sent. */
  readonly bearer: string | undefined
  /** `undefined` until the answer has begun. */
  readonly status: number | undefined
  /** `undefined` where the body was not read. */
  readonly body: Pick<ReadBody, 'bytes' | 'sha256'> | undefined
}

/** A stand-in for Llama Stack: models, chat completions, agents, sessions, files and tools behind verified tokens. */
export interface ProtectedResource {
  /** Without a trailing slash: what UPSTREAM_URL takes. */
  readonly url: string
  /** The last 1000 requests, oldest first. */
  readonly requests: readonly ArrivedRequest[]
  close(): Promise<void>
}

/** Rejects where the port is taken. */
export async function startProtectedResource(
  options: ProtectedResourceOptions,
): Promise<ProtectedResource> {
  const routes = restyle(createRoutes(options.chunkDelayMs ?? 40), options.styles ?? {})
  const authenticate = createTokenCheck({
    issuer: options.issuer,
    jwksUri: options.jwksUri,
    audience: options.audience,
    keyCooldownMs: options.keyCooldownMs ?? 30_000,
  })
  const requests: ArrivedRequest[] = []

  const server = createServer((request, response) => {
    let body: ArrivedRequest['body']
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    if (requests.length >= 1000) requests.shift()
    requests.push({
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      rawHeaders: request.rawHeaders,
      bearer: request.headers.authorization?.replace(/^Bearer /, ''),
      get status() {
        return response.headersSent ? response.statusCode : undefined
      },
      get body() {
        return body
      },
    })
    const onBody = ({ bytes, sha256 }: ReadBody) => {
      body = { bytes, sha256 }
    }
    const resource = { routes, authenticate, onBody, signal: gone.signal }
    serveCall(resource, request, response).catch(() => response.destroy())
  })
  // No limit on how long an upload or a stream may take; uvicorn's idle limit is Node's default of 5 s.
  server.requestTimeout = 0
  const listening = await listenOnLoopback(server, options.port ?? 0)
  return { url: listening.url, requests, close: listening.close }
}
