import { createHash, randomUUID } from 'node:crypto'
import type { Call, Handler } from './call.ts'
import { sendError, sendJson } from './call.ts'

export const listFiles: Handler = ({ response }) => {
  sendJson(response, 200, { object: 'list', data: [] })
}

/** Takes a file as multipart form or as the raw body, and answers with what arrived: its length and its digest. */
export const uploadFile: Handler = async (call) => {
  const file = await readFile(call)
  if (file === undefined) {
    sendError(call.response, 400, "Field 'file' is required")
    return
  }
  sendJson(call.response, 200, {
    id: `file-${randomUUID()}`,
    object: 'file',
    created_at: Math.floor(Date.now() / 1000),
    purpose: 'assistants',
    ...file,
  })
}

interface ReceivedFile {
  readonly filename: string
  readonly bytes: number
  readonly sha256: string
}

async function readFile({ body, contentType }: Call): Promise<ReceivedFile | undefined> {
  if (!contentType.startsWith('multipart/form-data')) {
    return { filename: 'upload', bytes: body.bytes, sha256: body.sha256 }
  }
  const parts = new Response(new Uint8Array(body.content), {
    headers: { 'content-type': contentType },
  })
  const form = await parts.formData().catch(() => undefined)
  const file = form?.get('file')
  if (file === undefined || file === null || typeof file === 'string') return undefined
  const content = Buffer.from(await file.arrayBuffer())
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { filename: file.name, bytes: content.length, sha256 }
}
