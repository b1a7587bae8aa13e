import type { Dispatcher } from 'undici'
import type { ParsedHeaders } from './forwarding-handler.ts'
import { ForwardingHandler, isDenialStatus } from './forwarding-handler.ts'
import type { HeldDenial } from './held-denial.ts'
import { holdDenial } from './held-denial.ts'
import { InterimHeads } from './interim-heads.ts'
import type { Resolution } from './resolution.ts'
import { createResolution } from './resolution.ts'
import type { Credential, StepUp } from './step-up.ts'

type Controller = Dispatcher.DispatchController

/** How long a denial's body may take; a slower one is released to the caller. */
export const MAX_DENIAL_MS = 5_000

/** Where the first attempt stands. */
type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'passing' }
  | { readonly kind: 'holding'; readonly denial: HeldDenial; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'settled' }

/** Lets every answer through but a denial: that is taken in, within bounds, and resolved at its end. */
export class FirstAttemptHandler extends ForwardingHandler {
  readonly #stepUp: StepUp
  readonly #credential: Credential
  readonly #interim = new InterimHeads()
  #state: State = { kind: 'waiting' }
  #resolution: Resolution | undefined

  constructor(stepUp: StepUp, credential: Credential) {
    super(stepUp.downstream)
    this.#stepUp = stepUp
    this.#credential = credential
  }

  override onResponseStart(
    controller: Controller,
    status: number,
    headers: ParsedHeaders,
    statusMessage?: string,
  ): void {
    if (status < 200) {
      this.#interim.add(controller, status, headers, statusMessage)
    } else if (isDenialStatus(status)) {
      this.#hold(controller, status, statusMessage)
    } else {
      super.onResponseStart(controller, status, headers, statusMessage)
    }
  }

  override onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#state.kind === 'passing') super.onResponseData(controller, chunk)
    else if (this.#state.kind === 'holding' && !this.#state.denial.add(chunk)) {
      clearTimeout(this.#state.timer)
      this.#release(controller, this.#state.denial, 'size')
    }
  }

  override onResponseEnd(controller: Controller, trailers: ParsedHeaders): void {
    if (this.#state.kind === 'holding') {
      clearTimeout(this.#state.timer)
      const { denial } = this.#state
      this.#state = { kind: 'settled' }
      this.#resolution?.resolve(denial)
    } else if (this.#state.kind === 'passing') super.onResponseEnd(controller, trailers)
  }

  override onResponseError(controller: Controller, error: Error): void {
    const state = this.#state
    if (state.kind === 'settled') return
    this.#state = { kind: 'settled' }
    this.#stepUp.replayBody?.close()
    if (state.kind === 'holding') {
      clearTimeout(state.timer)
      this.#resolution?.cancel()
      if (!this.#stepUp.call.isAbandoned) this.#passBrokenOff(controller, state.denial)
    }
    super.onResponseError(controller, error)
  }

  protected override onFinalHead(controller: Controller): void {
    const { call, replayBody } = this.#stepUp
    this.#state = { kind: 'passing' }
    replayBody?.stopRecording()
    this.#interim.release(this.downstream, controller)
    // What goes out with an issued token is settled when it goes.
    if (this.#credential.kind !== 'issued') call.settle({ outcome: 'forwarded' })
  }

  #hold(controller: Controller, status: number, statusMessage: string | undefined): void {
    const denial = holdDenial({ status, statusMessage, rawHeaders: controller.rawHeaders })
    // What the caller still uploads waits: the record need not grow while the upstream has already decided.
    this.#stepUp.replayBody?.pause()
    const timer = setTimeout(() => this.#releaseSlow(controller, denial), MAX_DENIAL_MS)
    this.#state = { kind: 'holding', denial, timer }
    this.#resolution = createResolution(this.#stepUp, this.#credential)
    this.#resolution.anticipate(denial)
  }

  /** The caller sees as much of the denial as came, and that it broke off. */
  #passBrokenOff(controller: Controller, denial: HeldDenial): void {
    this.#stepUp.call.fail('denial-broke-off')
    try {
      denial.release(this.downstream, controller)
    } catch {
      // The transport does not catch what its error callback throws. A head that cannot be written has not reached the
      // caller, so the transport's own error is answered in its place.
    }
  }

  /** Nobody catches what a timer throws: a head that cannot be written ends this attempt alone. */
  #releaseSlow(controller: Controller, denial: HeldDenial): void {
    try {
      this.#release(controller, denial, 'slow')
    } catch (error) {
      controller.abort(error instanceof Error ? error : new Error('the denial cannot be passed on'))
    }
  }

  /** Too large or too slow to be read: what is held goes to the caller, and the rest as it comes. */
  #release(controller: Controller, denial: HeldDenial, reason: 'size' | 'slow'): void {
    this.#resolution?.cancel()
    this.#state = { kind: 'passing' }
    const { call, replayBody, circumstances } = this.#stepUp
    call.settle({
      outcome: 'denial-too-large',
      reason,
      route: circumstances.route?.label ?? call.path,
    })
    replayBody?.stopRecording()
    replayBody?.resume()
    denial.release(this.downstream, controller)
  }
}
