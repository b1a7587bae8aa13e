import type { Dispatcher } from 'undici'
import type { Probe } from '../observability/readiness.ts'

/** Asks a peer whether it answers at all: any answer below 500 will do, also a 401. */
export function probeHttp(name: string, url: URL, dispatcher: Dispatcher): Probe {
  return async (signal) => {
    try {
      const { statusCode, body } = await dispatcher.request({
        origin: url.origin,
        path: url.pathname,
        method: 'GET',
        signal,
      })
      await body.dump()
      return statusCode < 500 ? undefined : `${name} answers ${statusCode} at ${url.origin}`
    } catch {
      return `${name} cannot be reached at ${url.origin}`
    }
  }
}
