import type { Setting } from './setting.ts'
import { showBytes } from './setting.ts'

export type Literal = string | number | boolean | readonly string[]

/** The text of a variable as the type of its setting; `undefined`: it is none. Bounds and choices are the schema's. */
export function parseLiteral(setting: Setting, text: string): Literal | undefined {
  switch (setting.kind) {
    case 'integer':
      return parseInteger(text.trim())
    case 'bytes':
      return parseBytes(text.trim())
    case 'boolean':
      return parseBoolean(text.trim())
    case 'list':
      return text.trim().split(/\s+/)
    case 'choice':
    case 'url':
    case 'file':
      return text.trim()
    case 'text':
      return setting.isSecret ? text : text.trim()
  }
}

/** What is wrong with a value that its setting refuses. */
export function describeRefusal(setting: Setting): string {
  switch (setting.kind) {
    case 'integer':
      return `must be a whole number from ${setting.min} to ${setting.max}`
    case 'bytes':
      return `must be a number of bytes from ${setting.min} to ${showBytes(setting.max)}, with or without the suffix KiB or MiB`
    case 'boolean':
      return 'must be true or false'
    case 'choice':
      return `must be one of ${setting.choices.join(', ')}`
    case 'list':
      if (setting.choices) return `may hold only ${setting.choices.join(', ')}`
      return setting.rule?.reason ?? 'must be a list separated by spaces'
    case 'text':
    case 'url':
    case 'file':
      return setting.rule?.reason ?? 'must be a text'
  }
}

function parseInteger(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const BYTES_PER_UNIT = new Map([
  ['', 1],
  ['KiB', 1024],
  ['MiB', 1024 * 1024],
])

function parseBytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15}) ?(KiB|MiB|)$/.exec(text) ?? []
  const bytesPerUnit = BYTES_PER_UNIT.get(unit ?? '')
  if (digits === undefined || bytesPerUnit === undefined) return undefined
  return Number(digits) * bytesPerUnit
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined
}
