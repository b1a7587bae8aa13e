import type { IncomingMessage } from 'node:http'

const MAX_BYTES = 1024 * 1024

/** The form of a request body of at most 1 MiB; `undefined` where it is larger, cut off, or no form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) return undefined
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  const type = request.headers['content-type'] ?? ''
  const isForm = /^application\/x-www-form-urlencoded(?:;|$)/i.test(type)
  return isForm ? new URLSearchParams(Buffer.concat(chunks).toString('utf8')) : undefined
}
