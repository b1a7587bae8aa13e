/** One request as an unforgiving origin server reads it (RFC 9112): any liberty is a violation. */
export interface StrictRequest {
  /** Connections are counted from 1. */
  readonly connection: number
  readonly method: string
  readonly target: string
  /** Names as sent, values as latin-1. */
  readonly lines: readonly (readonly [name: string, value: string])[]
  /** Latin-1, as far as it has come. */
  body: string
  isComplete: boolean
  /** Set by whoever answers 101: what follows on the connection is no HTTP any more. */
  isSwitched: boolean
}

export interface StrictReaderOptions {
  readonly connection: number
  readonly onHead: (request: StrictRequest) => void
  readonly onEnd: (request: StrictRequest) => void
  readonly onViolation: (what: string) => void
}

export interface StrictReader {
  add(chunk: Buffer): void
  /** Octets that belong to no request. */
  readonly leftover: string
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[\x21-\x22\x24-\x7e]*) HTTP\/1\.1$/
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/
/** What speaks of one connection has no business on the next (RFC 9110 §7.6.1). */
const FOREIGN_FIELDS = [
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'expect',
  'http2-settings',
]
const CONNECTION_VALUES = ['keep-alive', 'close', 'upgrade']
const CHUNK_LINE = /^[0-9a-fA-F]{1,8}$/

type Framing = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' }

export function createStrictReader(options: StrictReaderOptions): StrictReader {
  const { onHead, onEnd, onViolation } = options
  let buffer = ''
  let current: { request: StrictRequest; framing: Framing } | undefined

  function step(): boolean {
    if (current?.request.isSwitched === true) return false
    if (current === undefined) return readHead()
    return current.framing.kind === 'chunked'
      ? readChunk(current.request)
      : readLength(current.request, current.framing.bytes)
  }

  function readHead(): boolean {
    const end = buffer.indexOf('\r\n\r\n')
    if (end < 0) return false
    const text = buffer.slice(0, end)
    buffer = buffer.slice(end + 4)
    const request = parseHead(text, options)
    if (request === undefined) return true
    current = { request, framing: framingOf(request, onViolation) }
    onHead(request)
    return true
  }

  function readLength(request: StrictRequest, bytes: number): boolean {
    const wanted = bytes - request.body.length
    request.body += buffer.slice(0, wanted)
    buffer = buffer.slice(wanted)
    if (request.body.length < bytes) return false
    finish(request)
    return true
  }

  function readChunk(request: StrictRequest): boolean {
    const end = buffer.indexOf('\r\n')
    if (end < 0) return false
    const size = buffer.slice(0, end)
    if (!CHUNK_LINE.test(size)) onViolation(`chunk line ${JSON.stringify(size.slice(0, 80))}`)
    const bytes = Number.parseInt(size, 16)
    if (buffer.length < end + bytes + 4) return false
    const after = end + 2 + bytes
    request.body += buffer.slice(end + 2, after)
    if (buffer.slice(after, after + 2) !== '\r\n')
      onViolation('a chunk, or the trailers, without CRLF')
    buffer = buffer.slice(after + 2)
    if (bytes === 0) finish(request)
    return true
  }

  function finish(request: StrictRequest): void {
    current = undefined
    request.isComplete = true
    onEnd(request)
    if (request.isSwitched) current = { request, framing: { kind: 'length', bytes: 0 } }
  }

  return {
    add(chunk) {
      buffer += chunk.toString('latin1')
      while (step()) {}
    },
    get leftover() {
      return current === undefined ? buffer : ''
    },
  }
}

function parseHead(
  text: string,
  { connection, onViolation }: StrictReaderOptions,
): StrictRequest | undefined {
  const [first = '', ...rest] = text.split('\r\n')
  const [, method, target] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined || target === undefined) {
    onViolation(`request line ${JSON.stringify(first.slice(0, 120))}`)
    return undefined
  }
  const lines: (readonly [string, string])[] = []
  for (const line of rest) {
    const [, name, value] = FIELD_LINE.exec(line) ?? []
    if (name === undefined || value === undefined) {
      onViolation(`field line ${JSON.stringify(line.slice(0, 120))}`)
    } else lines.push([name, value])
  }
  const request = { connection, method, target, lines, body: '' }
  checkLines(lines, onViolation)
  return { ...request, isComplete: false, isSwitched: false }
}

function checkLines(lines: StrictRequest['lines'], onViolation: (what: string) => void): void {
  const values = (name: string) => valuesOf(lines, name)
  if (values('host').length !== 1) onViolation(`${values('host').length} Host lines`)
  if (values('authorization').length > 1) onViolation('several Authorization lines')
  if (values('x-forwarded-for').includes('')) onViolation('nobody sent it')
  for (const name of FOREIGN_FIELDS) {
    if (values(name).length > 0) onViolation(`a ${name} line`)
  }
  for (const value of values('connection')) {
    if (!CONNECTION_VALUES.includes(value.toLowerCase())) onViolation(`connection: ${value}`)
  }
}

function framingOf({ lines }: StrictRequest, onViolation: (what: string) => void): Framing {
  const lengths = valuesOf(lines, 'content-length')
  const codings = valuesOf(lines, 'transfer-encoding')
  if (lengths.length + codings.length > 1) onViolation('framed twice')
  if (codings.length > 0) {
    if (codings[0] !== 'chunked') onViolation(`transfer-encoding: ${codings[0]}`)
    return { kind: 'chunked' }
  }
  const [length = '0'] = lengths
  if (!/^\d{1,15}$/.test(length)) onViolation(`content-length: ${length}`)
  return { kind: 'length', bytes: Number(length) }
}

export function valuesOf(lines: StrictRequest['lines'], name: string): readonly string[] {
  return lines.flatMap(([field, value]) => (field.toLowerCase() === name ? [value] : []))
}
