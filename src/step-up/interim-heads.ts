import type { Dispatcher } from 'undici'
import type { ParsedHeaders } from './forwarding-handler.ts'

type Controller = Dispatcher.DispatchController

interface InterimHead {
  readonly status: number
  readonly headers: ParsedHeaders
  readonly statusMessage: string | undefined
  readonly rawHeaders: Controller['rawHeaders']
}

const MAX_HEADS = 8

/**
 * 1xx heads of an attempt that may yet be denied: a head of a failed attempt must not reach the caller, so they wait for
 * the final one. The first 8 are kept.
 */
export class InterimHeads {
  #heads: InterimHead[] | undefined

  add(
    controller: Controller,
    status: number,
    headers: ParsedHeaders,
    statusMessage: string | undefined,
  ): void {
    this.#heads ??= []
    if (this.#heads.length === MAX_HEADS) return
    this.#heads.push({ status, headers, statusMessage, rawHeaders: controller.rawHeaders })
  }

  release(handler: Dispatcher.DispatchHandler, controller: Controller): void {
    if (this.#heads === undefined) return
    const { rawHeaders } = controller
    for (const head of this.#heads) {
      controller.rawHeaders = head.rawHeaders ?? null
      handler.onResponseStart?.(controller, head.status, head.headers, head.statusMessage)
    }
    controller.rawHeaders = rawHeaders ?? null
    this.#heads = undefined
  }
}
