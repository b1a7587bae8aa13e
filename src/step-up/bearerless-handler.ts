import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Call } from '../call.ts'
import type { ParsedHeaders } from './forwarding-handler.ts'
import { ForwardingHandler, isDenialStatus } from './forwarding-handler.ts'

/** Without a bearer token there is nothing to exchange: the answer passes as it is, and is only named. */
export class BearerlessHandler extends ForwardingHandler {
  readonly #call: Call

  constructor(call: Call, downstream: Dispatcher.DispatchHandler) {
    super(downstream)
    this.#call = call
  }

  override onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ParsedHeaders,
    socket: Duplex,
  ): void {
    this.#call.settle({ outcome: 'forwarded' })
    super.onRequestUpgrade(controller, status, headers, socket)
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ParsedHeaders,
    statusMessage?: string,
  ): void {
    if (status >= 200) {
      this.#call.settle({ outcome: isDenialStatus(status) ? 'no-subject-token' : 'forwarded' })
    }
    super.onResponseStart(controller, status, headers, statusMessage)
  }
}
