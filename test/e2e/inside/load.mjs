// Keeps Scopelift busy until it takes no more connections, and tells what became of every request.
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

const target = 'http://scopelift:8322/v1/chat/completions'
const streams = 12
const workers = 4
const deadline = Date.now() + 60_000
const { token } = JSON.parse(await text(process.stdin))

const report = { streams, streamsCompleted: 0, answered: 0, lost: [], isRefusedAtTheEnd: false }
await ask('warm up', new Agent())
await Promise.all([
  ...Array.from({ length: streams }, keepListening),
  ...Array.from({ length: workers }, keepAsking),
])
process.stdout.write(JSON.stringify(report))

// About six seconds of silence and words: it is under way when the signal comes, and must end as it would have.
async function keepListening() {
  try {
    const { status, body } = await ask('a b c d e f g h slow:700', new Agent(), true)
    if (status === 200 && body.includes('"finish_reason":"stop"')) report.streamsCompleted++
    else report.lost.push(`stream: ${status}, ${body.length} bytes`)
  } catch (error) {
    report.lost.push(`stream: ${error.code ?? error.message}`)
  }
}

// Each worker on a connection that it keeps, as SDKs do.
async function keepAsking() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (Date.now() < deadline) {
    try {
      const { status } = await ask('hello', agent)
      if (status === 200) report.answered++
      else report.lost.push(`call: ${status}`)
    } catch (error) {
      // Nobody had accepted it: a caller tries the next instance.
      if (error.syscall === 'connect' || error.syscall === 'getaddrinfo') {
        report.isRefusedAtTheEnd = true
        return
      }
      report.lost.push(`call: ${error.code ?? error.message}`)
    }
  }
}

function ask(content, agent, stream = false) {
  const body = JSON.stringify({ model: 'stub/tiny', stream, messages: [{ role: 'user', content }] })
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      { method: 'POST', agent, headers, timeout: 30_000 },
      (response) => {
        text(response).then((read) => resolve({ status: response.statusCode, body: read }), reject)
      },
    )
    sent.once('timeout', () => sent.destroy(new Error('no answer')))
    sent.once('error', reject)
    sent.end(body)
  })
}
