import type { Dispatcher } from 'undici'
import type { Settlement } from '../call.ts'
import type { ParsedHeaders } from './forwarding-handler.ts'
import { ForwardingHandler, isDenialStatus } from './forwarding-handler.ts'
import type { StepUp } from './step-up.ts'

/** The one replay: whatever it brings is the caller's, a second denial too. */
export class ReplayHandler extends ForwardingHandler {
  readonly #stepUp: StepUp
  readonly #settlement: Settlement
  readonly #onGranted: () => void

  /** `settlement` is how the request ends unless the replay is denied; `onGranted` is called then. */
  constructor(stepUp: StepUp, settlement: Settlement, onGranted: () => void) {
    super(stepUp.downstream)
    stepUp.call.settle(settlement)
    this.#stepUp = stepUp
    this.#settlement = settlement
    this.#onGranted = onGranted
  }

  protected override onFinalHead(_controller: Dispatcher.DispatchController, status: number): void {
    const { call } = this.#stepUp
    if (isDenialStatus(status)) call.settle({ ...this.#settlement, outcome: 'replay-denied' })
    else this.#onGranted()
  }

  override onResponseEnd(controller: Dispatcher.DispatchController, trailers: ParsedHeaders): void {
    this.#stepUp.replayBody?.close()
    super.onResponseEnd(controller, trailers)
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#stepUp.replayBody?.close()
    super.onResponseError(controller, error)
  }
}
