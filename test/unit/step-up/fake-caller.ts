import type { Dispatcher } from 'undici'
import type { Call } from '../../../src/call.ts'
import { readRawHeaders } from '../../../src/raw-headers.ts'

/** What reaches the caller, in place of the relay. */
export interface FakeCaller {
  readonly handler: Dispatcher.DispatchHandler
  /** `start`, `head 103`, `head 200`, `data`, `end`, `error`, `upgrade 101`: as they came. */
  readonly events: readonly string[]
  /** Of the final head. */
  readonly status: number | undefined
  readonly statusMessage: string | undefined
  readonly headers: readonly string[]
  readonly body: string
  readonly error: Error | undefined
  /** How many answers were begun: never more than one. */
  readonly finalHeads: number
}

export function createCaller(call: Call, onHead: () => void = () => {}): FakeCaller {
  const events: string[] = []
  const state: {
    status: number | undefined
    statusMessage: string | undefined
    headers: readonly string[]
    body: string
    error: Error | undefined
    finalHeads: number
  } = {
    status: undefined,
    statusMessage: undefined,
    headers: [],
    body: '',
    error: undefined,
    finalHeads: 0,
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => events.push('start'),
    onRequestUpgrade(_controller, status) {
      events.push(`upgrade ${status}`)
      state.status = status
      call.publish()
    },
    onResponseStart(controller, status, _headers, statusMessage) {
      events.push(`head ${status}`)
      if (status < 200) return
      onHead()
      state.finalHeads += 1
      state.status = status
      state.statusMessage = statusMessage
      state.headers = readRawHeaders(controller.rawHeaders)
      call.publish()
    },
    onResponseData(_controller, chunk) {
      events.push('data')
      state.body += chunk.toString('latin1')
    },
    onResponseEnd: () => events.push('end'),
    onResponseError(_controller, error) {
      events.push('error')
      state.error = error
    },
  }
  return {
    handler,
    events,
    get status() {
      return state.status
    },
    get statusMessage() {
      return state.statusMessage
    },
    get headers() {
      return state.headers
    },
    get body() {
      return state.body
    },
    get error() {
      return state.error
    },
    get finalHeads() {
      return state.finalHeads
    },
  }
}
