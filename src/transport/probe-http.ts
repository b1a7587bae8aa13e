import type { Dispatcher } from 'undici'
import { readErrorCode } from '../error-code.ts'

/** Asks a peer whether it answers at all: any answer below 500 will do, also a 401. Otherwise the reason, in a word. */
export async function probeHttp(
  url: URL,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { statusCode, body } = await dispatcher.request({
      origin: url.origin,
      path: url.pathname,
      method: 'GET',
      signal,
    })
    await body.dump()
    return statusCode < 500 ? undefined : `status ${statusCode}`
  } catch (error) {
    return readErrorCode(error)
  }
}
