/** An answer as it stood on the wire; bodies are latin1 text, one character an octet. */
export interface Answer {
  readonly status: number
  readonly reason: string
  readonly lines: readonly HeaderLine[]
  readonly body: string
  /** Statuses of the 1xx heads before it. */
  readonly interim: readonly number[]
  /** Everything that came, heads and framing included. */
  readonly text: string
  /** What came behind the end of the answer. */
  readonly rest: string
}

export type HeaderLine = readonly [name: string, value: string]

/** `undefined`: more must come, or what came is no answer. `method` tells whether a body may follow. */
export function parseAnswer(
  text: string,
  { method, hasEnded }: { readonly method: string; readonly hasEnded: boolean },
): Answer | undefined {
  const interim: number[] = []
  let start = 0
  for (;;) {
    const end = text.indexOf('\r\n\r\n', start)
    if (end < 0) return undefined
    const [first = '', ...fields] = text.slice(start, end).split('\r\n')
    const statusLine = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first)
    if (statusLine === null) return undefined
    const status = Number(statusLine[1])
    start = end + 4
    if (status < 200 && status !== 101) {
      interim.push(status)
      continue
    }
    const head = { status, reason: statusLine[2] ?? '', lines: fields.map(parseLine) }
    const body = parseBody(text.slice(start), head, { method, hasEnded })
    return body && { ...head, ...body, interim, text }
  }
}

/** The values of one field, in order. */
export function fieldsOf(answer: Pick<Answer, 'lines'>, name: string): readonly string[] {
  return answer.lines.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

/** The pairs of a flat list of header lines, as Node has them. */
export function pairsOf(rawHeaders: readonly string[]): readonly HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    lines.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  }
  return lines
}

interface Head {
  readonly status: number
  readonly lines: readonly HeaderLine[]
}

type Body = Pick<Answer, 'body' | 'rest'>

function parseLine(line: string): HeaderLine {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function parseBody(
  text: string,
  head: Head,
  { method, hasEnded }: { readonly method: string; readonly hasEnded: boolean },
): Body | undefined {
  if (method === 'HEAD' || head.status === 204 || head.status === 304 || head.status === 101) {
    return { body: '', rest: text }
  }
  if (fieldsOf(head, 'transfer-encoding').length > 0) return parseChunks(text, hasEnded)
  const length = fieldsOf(head, 'content-length')[0]
  if (length === undefined) return hasEnded ? { body: text, rest: '' } : undefined
  if (text.length < Number(length) && !hasEnded) return undefined
  return { body: text.slice(0, Number(length)), rest: text.slice(Number(length)) }
}

/** Of a body that broke off, as much as came. */
function parseChunks(text: string, hasEnded: boolean): Body | undefined {
  let body = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(text.slice(at, lineEnd), 16)
    const isWhole = size === 0 ? text.includes('\r\n\r\n', lineEnd) : text.length > lineEnd + size
    if (Number.isNaN(size) || !isWhole) return hasEnded ? { body, rest: '' } : undefined
    if (size === 0) return { body, rest: text.slice(text.indexOf('\r\n\r\n', lineEnd) + 4) }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
