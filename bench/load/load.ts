/** What is asked for, over and over. */
export interface LoadOrder {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly bodyBytes: number
  /** Bearers, one a line, used in turn. */
  readonly tokenFile: string
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  /** Answers of any status. */
  readonly answered: number
  /** Statuses beyond 399, cut connections, timeouts. */
  readonly failed: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** A closed loop: each connection asks again when it has its answer. */
export interface LoadGenerator {
  readonly name: string
  run(order: LoadOrder): Promise<LoadResult>
}
