import type { DestinationStream, Logger } from 'pino'
import { pino } from 'pino'
import { createLineBatches } from './line-batches.ts'
import { maskTokens, toPrintable } from './printable.ts'

export type Log = Logger

export interface LoggerOptions {
  /** One of pino's levels, or `silent`. */
  readonly level: string
  /** Standard output by default, written asynchronously and within 100 ms. Who ends the process flushes it before pino does. */
  readonly destination?: DestinationStream
}

/**
 * JSON lines with the level by name and the time in ISO 8601. Errors and requests are written by an allow-list of fields:
 * an error's own properties may hold a header or a whole response.
 */
export function createLogger({ level, destination }: LoggerOptions): Log {
  return pino(
    {
      level,
      // Pid and host name are the same on every line of a container, and its runtime adds them anyway.
      base: null,
      timestamp: createTimestamp(Date.now),
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: serializeError,
        error: serializeError,
        req: serializeRequest,
        res: serializeResponse,
      },
      // The last line of defence: no code should log a token, and none that does reaches the output.
      hooks: { streamWrite: maskTokens },
    },
    destination ?? openStandardOutput(),
  )
}

const BATCH = { maxCharacters: 65_536, maxDelayMs: 100 } as const

function openStandardOutput(): DestinationStream {
  // Whatever comes is written at once: with a minimum of 0 a flush would not wait for it.
  const options = { fd: 1, sync: false, minLength: 1, maxLength: MAX_UNWRITTEN_CHARACTERS }
  return createLineBatches(pino.destination(options), BATCH)
}

/** The time in ISO 8601 as pino wants it; made once a millisecond, in which there may be many lines. */
function createTimestamp(now: () => number): () => string {
  let atMs = Number.NaN
  let text = ''
  return () => {
    const ms = now()
    if (ms !== atMs) {
      atMs = ms
      text = `,"time":"${new Date(ms).toISOString()}"`
    }
    return text
  }
}

// Where nobody reads standard output, lines beyond this are dropped: memory is not.
const MAX_UNWRITTEN_CHARACTERS = 8_388_608
const FLUSH_TIMEOUT_MS = 1_000

/** Writes out what is still held back: an exit would else write the last lines before those that are under way. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(resolve, FLUSH_TIMEOUT_MS)
    log.flush(() => {
      clearTimeout(deadline)
      resolve()
    })
  })
}

const MAX_MESSAGE_LENGTH = 500

interface SerializedError {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly cause?: SerializedError
}

/** Without the stack: where it happened belongs to a crash alone, and `main.ts` adds it there. */
function serializeError(error: unknown): SerializedError {
  return serializeWithCauses(error, MAX_CAUSES)
}

const MAX_CAUSES = 2

function serializeWithCauses(error: unknown, causesLeft: number): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    ...(code !== undefined && { code: toPrintable(code, MAX_MESSAGE_LENGTH) }),
    message: toPrintable(error.message, MAX_MESSAGE_LENGTH),
    ...(error.cause instanceof Error &&
      causesLeft > 0 && { cause: serializeWithCauses(error.cause, causesLeft - 1) }),
  }
}

function serializeRequest(request: unknown): { method?: string } {
  const method = readMember(request, 'method')
  return typeof method === 'string' ? { method } : {}
}

function serializeResponse(response: unknown): { statusCode?: number } {
  const statusCode = readMember(response, 'statusCode')
  return typeof statusCode === 'number' ? { statusCode } : {}
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
