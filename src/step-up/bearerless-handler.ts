import type { Dispatcher } from 'undici'
import type { Call } from '../call.ts'
import { ForwardingHandler, isDenialStatus } from './forwarding-handler.ts'

/** Without a bearer token there is nothing to exchange: the answer passes as it is, and is only named. */
export class BearerlessHandler extends ForwardingHandler {
  readonly #call: Call

  constructor(call: Call, downstream: Dispatcher.DispatchHandler) {
    super(downstream)
    this.#call = call
  }

  protected override onFinalHead(_controller: Dispatcher.DispatchController, status: number): void {
    this.#call.settle({ outcome: isDenialStatus(status) ? 'no-subject-token' : 'forwarded' })
  }
}
