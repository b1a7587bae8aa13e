/** Takes text for standard output: pino's own destination, which writes asynchronously. */
interface Output {
  write(text: string): unknown
  /** Calls back when all that was taken is written. */
  flush(done: (error?: Error) => void): unknown
}

export interface LineBatchesOptions {
  /** A batch is handed over when it is this long… */
  readonly maxCharacters: number
  /** … or its first line this old. */
  readonly maxDelayMs: number
}

/** A destination for pino. */
export interface LineBatches {
  write(line: string): void
  flush(done?: (error?: Error) => void): void
}

/** Hands lines over together: under load, each by itself would cost as much as all that makes it. Its timer does not keep the process alive. */
export function createLineBatches(
  output: Output,
  { maxCharacters, maxDelayMs }: LineBatchesOptions,
): LineBatches {
  let lines: string[] = []
  let characters = 0
  let timer: NodeJS.Timeout | undefined

  function handOver(): void {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    characters = 0
    output.write(text)
  }

  return {
    write(line) {
      lines.push(line)
      characters += line.length
      if (characters >= maxCharacters) handOver()
      else timer ??= setTimeout(handOver, maxDelayMs).unref()
    },
    flush(done = () => {}) {
      handOver()
      output.flush(done)
    },
  }
}
