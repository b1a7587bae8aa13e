/** What a call has shown of Keycloak; `unknown` where it was given up before an answer. */
export type Liveness = 'alive' | 'down' | 'unknown'

export const OPEN = Symbol('circuit open')

export interface CircuitBreaker {
  /** Makes the call, or returns `OPEN` without making it. */
  run<T>(call: () => Promise<T>, judge: (result: T) => Liveness): Promise<T | typeof OPEN>
  /** Seconds until the next probe, at least 1: the value of `Retry-After`. */
  retryAfterS(): number
  /** Whether calls are held back now; afterwards one probe decides. */
  readonly isOpen: boolean
}

export interface CircuitBreakerOptions {
  readonly monotonicNow: () => number
  readonly onChange: (state: 'open' | 'closed') => void
}

const FAILURES_TO_OPEN = 5
const OPEN_MS = 5000

/** Five failures in a row open it for 5 s; then one probe decides, while everybody else is still kept away. */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { monotonicNow } = options
  let failures = 0
  let openUntilMs: number | undefined
  let isProbing = false

  const open = () => {
    const wasClosed = openUntilMs === undefined
    openUntilMs = monotonicNow() + OPEN_MS
    if (wasClosed) options.onChange('open')
  }
  const close = () => {
    failures = 0
    if (openUntilMs === undefined) return
    openUntilMs = undefined
    options.onChange('closed')
  }
  const settle = (liveness: Liveness, isProbe: boolean) => {
    if (liveness === 'alive') close()
    if (liveness !== 'down') return
    failures += 1
    // Calls begun before it opened may still fail: only the probe may lengthen the wait.
    if (isProbe || (openUntilMs === undefined && failures >= FAILURES_TO_OPEN)) open()
  }

  return {
    async run(call, judge) {
      const isProbe = openUntilMs !== undefined
      if (openUntilMs !== undefined && (isProbing || monotonicNow() < openUntilMs)) return OPEN
      if (isProbe) isProbing = true
      let liveness: Liveness = 'unknown'
      try {
        const result = await call()
        liveness = judge(result)
        return result
      } finally {
        if (isProbe) isProbing = false
        settle(liveness, isProbe)
      }
    },
    retryAfterS() {
      return Math.max(1, Math.ceil(((openUntilMs ?? 0) - monotonicNow()) / 1000))
    },
    get isOpen() {
      return openUntilMs !== undefined && monotonicNow() < openUntilMs
    },
  }
}
