import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that may wait on one connection for the answers before them. */
const MAX_WAITING = 64
/** What their heads may weigh: those of one connection, and of all together. */
const MAX_BYTES_A_CONNECTION = 262_144
const MAX_BYTES = 33_554_432
/** A string beside its characters. */
const STRING_BYTES = 32

interface Waiting {
  requests: number
  bytes: number
}

/** Calls `proceed` when it is the turn of `res`, or cuts the connection and never does. */
export type WhenTurnComes = (res: ServerResponse, proceed: () => void) => void

/**
 * A request's turn comes when the answers to what was pipelined before have gone out (RFC 9112 §9.3.2). Before it a response
 * has no connection and hears nothing of its caller's leaving; and nobody may make us work ahead without reading.
 * A connection is cut with more than 64 requests in wait, or when their heads weigh more than 256 KiB, or all 32 MiB.
 */
export function createTurns(): WhenTurnComes {
  const waitingBySocket = new WeakMap<Socket, Waiting>()
  let bytesInAll = 0

  function watch(socket: Socket): Waiting {
    const waiting = { requests: 0, bytes: 0 }
    waitingBySocket.set(socket, waiting)
    socket.once('close', () => add(waiting, -waiting.requests, -waiting.bytes))
    return waiting
  }

  function add(waiting: Waiting, requests: number, bytes: number): void {
    waiting.requests += requests
    waiting.bytes += bytes
    bytesInAll += bytes
  }

  function isTooMuch({ requests, bytes }: Waiting): boolean {
    return requests > MAX_WAITING || bytes > MAX_BYTES_A_CONNECTION || bytesInAll > MAX_BYTES
  }

  return function whenTurnComes(res, proceed) {
    if (res.socket !== null) {
      proceed()
      return
    }
    const { socket } = res.req
    const waiting = waitingBySocket.get(socket) ?? watch(socket)
    const bytes = weighHead(res.req)
    add(waiting, 1, bytes)
    if (isTooMuch(waiting)) {
      socket.destroy()
      return
    }
    res.once('socket', () => {
      add(waiting, -1, -bytes)
      proceed()
    })
  }
}

function weighHead({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length + STRING_BYTES, url.length)
}
