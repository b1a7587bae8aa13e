import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'

type Controller = Dispatcher.DispatchController
export type ParsedHeaders = Parameters<
  NonNullable<Dispatcher.DispatchHandler['onResponseStart']>
>[2]

/** Passes every callback on; a handler overrides what it owns, and `onFinalHead` where it only wants to know how the attempt ended. */
export class ForwardingHandler implements Dispatcher.DispatchHandler {
  protected readonly downstream: Dispatcher.DispatchHandler

  constructor(downstream: Dispatcher.DispatchHandler) {
    this.downstream = downstream
  }

  /** Before the head that ends the attempt is passed on: a 101, or any status from 200 on. */
  protected onFinalHead(_controller: Controller, _status: number): void {}

  onRequestStart(controller: Controller, context: unknown): void {
    this.downstream.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: ParsedHeaders,
    socket: Duplex,
  ): void {
    this.onFinalHead(controller, status)
    this.downstream.onRequestUpgrade?.(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: ParsedHeaders,
    statusMessage?: string,
  ): void {
    if (status >= 200) this.onFinalHead(controller, status)
    this.downstream.onResponseStart?.(controller, status, headers, statusMessage)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.downstream.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: ParsedHeaders): void {
    this.downstream.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller, error: Error): void {
    this.downstream.onResponseError?.(controller, error)
  }
}

/** The statuses that can be a denial (hints.md 1): every other answer passes untouched. */
export function isDenialStatus(status: number): boolean {
  return status === 401 || status === 403
}
