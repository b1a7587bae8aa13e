import type { Dispatcher } from 'undici'
import type { RawHeaders } from '../raw-headers.ts'

/** Stands for a transport that has ended: what is passed on under it comes out of memory. */
export function createSettledController(rawHeaders: RawHeaders): Dispatcher.DispatchController {
  return {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: [...rawHeaders],
    rawTrailers: null,
    abort() {},
    pause() {},
    resume() {},
  }
}
