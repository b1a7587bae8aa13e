import type { ServerResponse } from 'node:http'
import type { Caller } from './access-token.ts'
import type { ReadBody } from './request-body.ts'

/** One admitted request, as the handlers see it. */
export interface Call {
  readonly caller: Caller
  readonly contentType: string
  readonly body: ReadBody
  /** The path's variable parts, in order. */
  readonly parameters: readonly string[]
  readonly response: ServerResponse
  /** Aborted when the server closes or the caller goes away. */
  readonly signal: AbortSignal
}

export type Handler = (call: Call) => void | Promise<void>

/** Chunked JSON with nothing but a content type, as uvicorn sends it. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(response, status, { error: { message } }, headers)
}
