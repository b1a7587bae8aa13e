type Write = (details: Record<string, unknown>, message: string) => void

/** As much of pino as the exchange writes to. */
export interface ExchangeLog {
  readonly error: Write
  readonly warn: Write
  readonly info: Write
  readonly debug: Write
}
