/** How an exchange ended, for the metric: one word for each that Keycloak was, or would have been, asked for. */
export const EXCHANGE_RESULTS = [
  'issued',
  'scope-not-granted',
  'exchange-refused',
  'subject-token-unusable',
  'misconfigured',
  'issued-token-invalid',
  /** Includes those that the open breaker kept back. */
  'unavailable',
  'abandoned',
] as const

export type ExchangeResultLabel = (typeof EXCHANGE_RESULTS)[number]
