import { randomBytes } from 'node:crypto'

/** Where something that must stay hidden was found; it never holds what was found. */
export interface Finding {
  readonly label: string
  /** Characters from the beginning. */
  readonly offset: number
}

/** Everything that no output may hold, in every spelling that a program could make of it. */
export interface Needles {
  /** The whole token, and every run of 20 characters of its payload and of its signature. */
  addToken(label: string, token: string): void
  /** Raw, and as base64 (at any alignment), hex, percent-encoded, form-encoded and escaped for JSON. */
  addSecret(label: string, value: string): void
  /** Invents a text that stands nowhere else, and adds it. */
  plant(label: string): string
  readonly tokens: number
  readonly secrets: number
  /** Strings that are looked for. */
  readonly spellings: number
  /** At most one finding for each label, compared without regard to case and once more after percent-decoding. */
  find(text: string): readonly Finding[]
}

const WINDOW = 20
const RUNS = /[\w-]{20,}/g
const PERCENT_ESCAPES = /(?:%[0-9a-f]{2})+/gi

export function createNeedles(): Needles {
  const windows = new Map<string, string>()
  const wholes = new Map<string, string>()
  const tokens = new Set<string>()
  const secrets = new Set<string>()

  function addToken(label: string, token: string): void {
    if (tokens.has(token)) return
    tokens.add(token)
    const [, ...parts] = token.toLowerCase().split('.')
    for (const part of parts) {
      for (const window of windowsOf(part)) windows.set(window, label)
    }
    // One that is no JWT has no parts.
    if (parts.length === 0) wholes.set(token.toLowerCase(), label)
  }

  function addSecret(label: string, value: string): void {
    secrets.add(value)
    for (const spelling of spell(value)) wholes.set(spelling.toLowerCase(), label)
  }

  function search(text: string, found: Map<string, number>): void {
    const lower = text.toLowerCase()
    for (const [whole, label] of wholes) {
      const offset = lower.indexOf(whole)
      if (offset >= 0 && !found.has(label)) found.set(label, offset)
    }
    for (const run of lower.matchAll(RUNS)) {
      let at = run.index
      for (const window of windowsOf(run[0])) {
        const label = windows.get(window)
        if (label !== undefined && !found.has(label)) found.set(label, at)
        at += 1
      }
    }
  }

  return {
    addToken,
    addSecret,
    plant(label) {
      const value = `planted-${randomBytes(12).toString('hex')}`
      addSecret(label, value)
      return value
    },
    get tokens() {
      return tokens.size
    },
    get secrets() {
      return secrets.size
    },
    get spellings() {
      return windows.size + wholes.size
    },
    find(text) {
      const found = new Map<string, number>()
      search(text, found)
      if (text.includes('%')) search(text.replace(PERCENT_ESCAPES, decodeEscapes), found)
      return [...found].map(([label, offset]) => ({ label, offset }))
    },
  }
}

function* windowsOf(text: string): Iterable<string> {
  for (let i = 0; i + WINDOW <= text.length; i += 1) yield text.slice(i, i + WINDOW)
}

/** Basic credentials are form-encoded before base64 (RFC 6749 §2.3.1). */
function spell(value: string): readonly string[] {
  const form = new URLSearchParams({ v: value }).toString().slice('v='.length)
  const base64 = [value, form].flatMap((text) =>
    [0, 1, 2].map((before) => middleOfBase64(text, before)),
  )
  return [
    value,
    form,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

/** The characters of base64 that depend on the value alone where `before` other octets precede it. */
function middleOfBase64(value: string, before: number): string {
  const octets = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
  const first = Math.ceil((before * 8) / 6)
  const last = Math.floor((octets.length * 8) / 6)
  return octets.toString('base64').slice(first, last)
}

function decodeEscapes(escapes: string): string {
  return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8')
}
