import { get } from 'node:http'

export interface HealthOptions {
  readonly adminUrl: URL
  /** For connection and answer together. */
  readonly timeoutMs: number
}

/** Asks `/healthz`: 0 if it answers 200, else 1. Never rejects. */
export function health({ adminUrl, timeoutMs }: HealthOptions): Promise<number> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    get(new URL('/healthz', adminUrl), { agent: false, signal }, (response) => {
      response.destroy()
      resolve(response.statusCode === 200 ? 0 : 1)
    }).on('error', () => resolve(1))
  })
}
