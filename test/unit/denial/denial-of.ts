import type { RawHeaders } from '../../../src/denial/hint.ts'

export interface Denial {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Uint8Array
}

export type Fields = Readonly<Record<string, string | readonly string[]>>

/** Field lines in order, as Node's `rawHeaders` gives them. */
export function rawHeaders(fields: Fields): RawHeaders {
  return Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  )
}

/** A denial with a challenge and no body. */
export function challenged(status: number, ...challenges: readonly string[]): Denial {
  return {
    status,
    headers: rawHeaders({ 'WWW-Authenticate': challenges }),
    body: new Uint8Array(),
  }
}

/** A denial with a JSON body; a string is taken as the body's own text. */
export function withJson(
  status: number,
  value: unknown,
  contentType: string | readonly string[] = 'application/json',
  fields: Fields = {},
): Denial {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return {
    status,
    headers: rawHeaders({ ...fields, 'Content-Type': contentType }),
    body: Buffer.from(text),
  }
}

/** A text in a test's name, in printable ASCII: the runner's protocol is made of lines. */
export function titleOf(text: string): string {
  const escaped = JSON.stringify(text).replaceAll(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return escaped.slice(0, 90)
}
