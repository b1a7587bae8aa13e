import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { flagAt, textAt } from '../authorization-server/json-fields.ts'
import type { Call, Handler } from './call.ts'
import { sendJson } from './call.ts'
import { MODEL } from './models.ts'
import { parseJson } from './request-body.ts'

const WORDS =
  'Your own token could not reach me. A token with one more scope did, and you never saw it.'.split(
    /(?= )/,
  )

/** OpenAI's chat completions with a fixed answer: JSON, or server-sent events with a word every `chunkDelayMs`. */
export function createChatCompletions(chunkDelayMs: number): Handler {
  return async (call) => {
    const request = parseJson(call.body)
    const completion = {
      id: `chatcmpl-${randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: textAt(request, 'model') ?? MODEL,
    }
    if (flagAt(request, 'stream', false)) {
      await streamWords(call, completion, chunkDelayMs)
      return
    }
    const message = { role: 'assistant', content: WORDS.join('') }
    sendJson(call.response, 200, {
      ...completion,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    })
  }
}

/** Without keep-alive comments and without a final `[DONE]`, as Llama Stack streams. */
async function streamWords(
  { response, signal }: Call,
  completion: Readonly<Record<string, unknown>>,
  chunkDelayMs: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  const send = (delta: object, finishReason: string | null) => {
    const choices = [{ index: 0, delta, finish_reason: finishReason }]
    const chunk = { ...completion, object: 'chat.completion.chunk', choices }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  send({ role: 'assistant', content: '' }, null)
  for (const content of WORDS) {
    await wait(chunkDelayMs, undefined, { signal })
    send({ content }, null)
  }
  send({}, 'stop')
  response.end()
}
