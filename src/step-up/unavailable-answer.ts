import type { Dispatcher } from 'undici'
import { createSettledController } from './settled-controller.ts'

/**
 * Keycloak cannot be asked: 503 in place of the denial, since the SDKs of OpenAI and Llama Stack retry 503 by themselves
 * and never retry 401 or 403.
 */
export function answerUnavailable(handler: Dispatcher.DispatchHandler, retryAfterS: number): void {
  const body = Buffer.from(
    JSON.stringify({
      error: {
        message: 'The authorization server cannot be reached to widen the access token. Try again.',
        type: 'server_error',
        code: 'exchange_unavailable',
      },
    }),
  )
  const controller = createSettledController([
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'retry-after',
    String(Math.max(1, Math.ceil(retryAfterS))),
    'cache-control',
    'no-store',
  ])
  handler.onResponseStart?.(controller, 503, {}, 'Service Unavailable')
  handler.onResponseData?.(controller, body)
  handler.onResponseEnd?.(controller, {})
}
