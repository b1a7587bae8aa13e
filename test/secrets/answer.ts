/** An answer as it stood on the wire. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly outcome: string | undefined
  /** The stable code of an answer that Scopelift made itself. */
  readonly code: string | undefined
  /** Whether Scopelift made it, and not the upstream. */
  readonly isOwn: boolean
  /** The lines of the head that are Scopelift's own in any answer. */
  readonly ownLines: string
}

const OWN_LINE =
  /^(?:via|scopelift-[\w-]+|cache-control|date|connection|keep-alive|transfer-encoding):/i
const OWN_BODY = /^\{"error":\{"message":"(?:[^"\\]|\\.)+","type":"\w+","code":"(\w+)"\}\}$/

export function readAnswer(whole: string): Answer {
  const text = withoutInterimHeads(whole)
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n')
  const body = text.slice(end + 4)
  const code = OWN_BODY.exec(body)?.[1]
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0),
    text: whole,
    outcome: lines.map((line) => /^scopelift-outcome: (.+)$/i.exec(line)?.[1]).find(Boolean),
    code,
    isOwn: code !== undefined || text === '',
    ownLines: lines.filter((line) => OWN_LINE.test(line)).join('\n'),
  }
}

function withoutInterimHeads(text: string): string {
  const end = text.indexOf('\r\n\r\n')
  return end >= 0 && /^HTTP\/1\.1 1/.test(text) ? withoutInterimHeads(text.slice(end + 4)) : text
}
