import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { closeHalf } from './lingering-close.ts'

/** An answer of our own, in the envelope that the clients of Llama Stack and OpenAI parse. */
export interface Refusal {
  readonly status: number
  readonly reason: string
  readonly code: string
  readonly message: string
}

/** The whole list: the codes are stable, and no text holds a token or an internal address. */
export const REFUSALS = {
  target: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_target',
    message:
      'The request target must be a path without dot segments, backslashes, control characters or a fragment, in valid percent-encoded UTF-8.',
  },
  host: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: 'The request must have exactly one Host field, a host with an optional port.',
  },
  framing: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: 'Transfer-Encoding must be exactly "chunked", in HTTP/1.1.',
  },
  length: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: 'Content-Length must be 9007199254740991 at most.',
  },
  malformed: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: 'The request is not valid HTTP/1.1.',
  },
  headersTooLarge: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    code: 'headers_too_large',
    message: 'The header fields of the request are larger than 64 KiB, or more than 1000 lines.',
  },
  requestTimeout: {
    status: 408,
    reason: 'Request Timeout',
    code: 'request_timeout',
    message: 'The request did not arrive in time.',
  },
  authorization: {
    status: 400,
    reason: 'Bad Request',
    code: 'multiple_authorization',
    message: 'The request must have at most one Authorization field.',
  },
  method: {
    status: 405,
    reason: 'Method Not Allowed',
    code: 'method_not_allowed',
    message: 'TRACE and CONNECT are not relayed.',
  },
  expectation: {
    status: 417,
    reason: 'Expectation Failed',
    code: 'invalid_request',
    message: 'The only expectation that is met is 100-continue.',
  },
  loop: {
    status: 508,
    reason: 'Loop Detected',
    code: 'loop_detected',
    message: 'The request has come through this proxy before: its upstream leads back to it.',
  },
  upstreamUnavailable: {
    status: 502,
    reason: 'Bad Gateway',
    code: 'upstream_unavailable',
    message: 'The upstream could not be reached, or its answer was not valid HTTP.',
  },
  upstreamTimeout: {
    status: 504,
    reason: 'Gateway Timeout',
    code: 'upstream_timeout',
    message: 'The upstream did not answer in time.',
  },
} as const satisfies Record<string, Refusal>

/** Answers in place of the upstream and closes the connection where what follows on it cannot be trusted. */
export function sendRefusal(
  res: ServerResponse,
  refusal: Refusal,
  options: { readonly lines?: readonly string[]; readonly closes?: boolean } = {},
): void {
  const body = refusalBody(refusal)
  const lines = [...refusalLines(body), ...(options.lines ?? [])]
  if (options.closes === true) lines.push('connection', 'close')
  res.writeHead(refusal.status, refusal.reason, lines)
  res.end(body)
}

/** The same on a bare socket, where no response object exists; the socket is closed. */
export function writeRefusal(socket: Duplex, refusal: Refusal): void {
  const body = refusalBody(refusal)
  const lines = [...refusalLines(body), 'connection', 'close']
  let head = `HTTP/1.1 ${refusal.status} ${refusal.reason}\r\n`
  for (let i = 0; i < lines.length; i += 2) head += `${lines[i]}: ${lines[i + 1]}\r\n`
  socket.write(`${head}\r\n${body}`)
  closeHalf(socket)
}

function refusalBody({ status, code, message }: Refusal): string {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  return JSON.stringify({ error: { message, type, code } })
}

function refusalLines(body: string): string[] {
  return [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
  ]
}
