import { createServer } from 'node:http'
import t from 'tap'
import { callHttp } from '../../../demo/http-call.ts'
import { listenOnLoopback } from '../../../demo/listen-on-loopback.ts'

t.test('header lines and body bytes come back as they were sent', async (t) => {
  const server = createServer((request, response) => {
    response.writeHead(403, ['X-Mixed', 'One', 'x-mixed', 'two'])
    response.write(`${request.method} ${request.headers.authorization} `)
    request.on('data', (chunk: Buffer) => response.write(chunk))
    request.on('end', () => response.end())
  })
  const listening = await listenOnLoopback(server, 0)
  t.teardown(() => listening.close())

  const pieces: string[] = []
  const answer = await callHttp({
    method: 'POST',
    url: listening.url,
    token: 'secret',
    json: { a: 1 },
    onText: (text) => pieces.push(text),
  })
  t.equal(answer.status, 403)
  t.same(answer.rawHeaders.slice(0, 4), ['X-Mixed', 'One', 'x-mixed', 'two'])
  t.equal(answer.header('x-mixed'), 'One, two')
  t.equal(answer.header('absent'), undefined)
  t.equal(answer.body.toString('utf8'), 'POST Bearer secret {"a":1}')
  t.equal(pieces.join(''), 'POST Bearer secret {"a":1}')
})

t.test('a server that is not there rejects', async (t) => {
  const listening = await listenOnLoopback(createServer(), 0)
  await listening.close()
  await t.rejects(callHttp({ method: 'GET', url: listening.url }), { code: 'ECONNREFUSED' })
})
