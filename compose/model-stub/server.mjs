// A stand-in for a model behind the OpenAI API: it answers with the last thing it was told, in one piece or word by word.
import { createServer } from 'node:http'

const model = 'tiny'
const maxBodyBytes = 16 * 1024 * 1024

const server = createServer(async (request, response) => {
  try {
    const path = new URL(request.url, 'http://stub').pathname
    if (request.method === 'GET' && path === '/v1/models') return sendModels(response)
    if (request.method === 'GET' && path === '/health')
      return sendJson(response, 200, { status: 'ok' })
    if (request.method !== 'POST') return sendJson(response, 404, problem('no such route'))
    const body = JSON.parse(await readBody(request))
    if (path === '/v1/chat/completions') return await sendCompletion(response, body)
    if (path === '/v1/embeddings') return sendEmbeddings(response, body)
    sendJson(response, 404, problem('no such route'))
  } catch {
    if (response.headersSent) response.destroy()
    else sendJson(response, 400, problem('the body is no JSON, or too large'))
  }
})
server.listen(9000, '0.0.0.0')
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => server.close(() => process.exit(0)))

function sendModels(response) {
  sendJson(response, 200, {
    object: 'list',
    data: [{ id: model, object: 'model', created: 0, owned_by: 'stub' }],
  })
}

async function sendCompletion(response, body) {
  const words = `You said: ${lastWords(body.messages)}`.split(/(?<= )/)
  const head = {
    id: `chatcmpl-${Date.now()}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model ?? model,
  }
  const usage = {
    prompt_tokens: 1,
    completion_tokens: words.length,
    total_tokens: words.length + 1,
  }
  if (body.stream !== true) {
    const message = { role: 'assistant', content: words.join('') }
    const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
    return sendJson(response, 200, { ...head, object: 'chat.completion', choices, usage })
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (choices, more = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`,
    )
  for (const [index, content] of words.entries()) {
    send([
      {
        index: 0,
        delta: index === 0 ? { role: 'assistant', content } : { content },
        finish_reason: null,
      },
    ])
    await new Promise((resolve) => setTimeout(resolve, pauseMs(body)))
  }
  send([{ index: 0, delta: {}, finish_reason: 'stop' }])
  if (body.stream_options?.include_usage === true) send([], { usage })
  response.end('data: [DONE]\n\n')
}

// `slow:250` anywhere in the last message makes a stream wait that long between two words.
function pauseMs(body) {
  const asked = /slow:(\d{1,4})/.exec(lastWords(body.messages))
  return asked === null ? 5 : Math.min(Number(asked[1]), 2000)
}

function lastWords(messages) {
  const content = Array.isArray(messages) ? messages.at(-1)?.content : undefined
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' ')
}

function sendEmbeddings(response, body) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input]
  const data = inputs.map((_, index) => ({
    object: 'embedding',
    index,
    embedding: [0.1, 0.2, 0.3, 0.4],
  }))
  const usage = { prompt_tokens: inputs.length, total_tokens: inputs.length }
  sendJson(response, 200, { object: 'list', model: body.model ?? model, data, usage })
}

async function readBody(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sendJson(response, status, value) {
  const text = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function problem(message) {
  return { error: { message, type: 'invalid_request_error' } }
}
