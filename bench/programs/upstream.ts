// The upstream where there is no nginx: slower, with the same answers.
import { createServer, request } from 'node:http'
import { scopesOf } from '../../test/support/upstream.ts'
import { ANSWER, CHALLENGE, COUNT_PATH, DENIAL, SCOPE } from '../upstream/answers.ts'
import { readEnvironment } from './environment.ts'

const eventsUrl = process.env['EVENTS_URL'] ?? ''
const granted = new Map<string, boolean>()
let requests = 0

const server = createServer({ keepAliveTimeout: 600_000, maxHeaderSize: 65_536 }, (req, res) => {
  const { url = '/', headers } = req
  requests += 1
  if (url === '/events' || url === '/hold') {
    const inner = request(`${eventsUrl}${url}`, (answer) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      answer.pipe(res)
    })
    res.once('close', () => inner.destroy())
    inner.on('error', () => res.destroy()).end()
    return
  }
  req.resume()
  if (url === COUNT_PATH) res.end(`1 1 ${requests}`)
  else if (url.startsWith('/guarded/') && !isGranted(headers.authorization)) {
    const length = Buffer.byteLength(DENIAL)
    res.writeHead(403, { 'www-authenticate': CHALLENGE, 'content-length': length })
    res.end(DENIAL)
  } else {
    const length = Buffer.byteLength(ANSWER)
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
    res.end(ANSWER)
  }
})
server.listen({ port: readEnvironment().port, host: '127.0.0.1', backlog: 8192 })

function isGranted(authorization = ''): boolean {
  const known = granted.get(authorization)
  if (known !== undefined) return known
  const verdict = scopesOf(authorization || undefined).includes(SCOPE)
  if (granted.size < 100_000) granted.set(authorization, verdict)
  return verdict
}
