import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Fields } from '../authorization-server/json-fields.ts'
import { isFields } from '../authorization-server/json-fields.ts'

/** A request body that has been read to its end. */
export interface ReadBody {
  readonly bytes: number
  readonly sha256: string
  /** Empty where the body was larger than what was to be kept. */
  readonly content: Buffer
}

/** Reads a body of any length, hashing it as it arrives, and keeps it where it has at most `keepBytes`. */
export async function readBody(request: IncomingMessage, keepBytes: number): Promise<ReadBody> {
  const hash = createHash('sha256')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    hash.update(chunk)
    if (bytes <= keepBytes) chunks.push(chunk)
  }
  const content = bytes <= keepBytes ? Buffer.concat(chunks) : Buffer.alloc(0)
  return { bytes, sha256: hash.digest('hex'), content }
}

/** The body as a JSON object; `{}` where it is none. */
export function parseJson(body: ReadBody): Fields {
  try {
    const json: unknown = JSON.parse(body.content.toString('utf8'))
    return isFields(json) ? json : {}
  } catch {
    return {}
  }
}
