import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Check } from '../../e2e/check.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { startRawUpstream } from '../../support/raw-upstream.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import { call } from '../house.ts'
import type { Running } from '../running.ts'
import { expectOutcome } from './outcomes.ts'

const SCOPE = 'llama:agent_create'

/** The upstream repeats tokens wherever it can, breaks the protocol, is slow, or is not there. */
export function upstreamChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'the upstream repeats the token in status line, fields, interim head and body',
      run: () => house.withScopelift({ name: 'echo' }, (running) => echo(house, running)),
    },
    {
      sentence: 'the upstream names tokens as the scopes that are missing',
      run: () => house.withScopelift({ name: 'scopes' }, (running) => tokenScopes(house, running)),
    },
    {
      sentence: 'the upstream answers with broken HTTP around the token',
      run: () => broken(house),
    },
    {
      sentence: 'the upstream does not listen',
      run: async () => {
        const env = { UPSTREAM_URL: await closedPort(), READY_REQUIRES: 'upstream keycloak' }
        await house.withScopelift({ name: 'no upstream', env }, async (running) =>
          expectOutcome(house, running, 'upstream-unavailable', await house.token()),
        )
      },
    },
    {
      sentence: 'the upstream gives no answer in time, or breaks off in the middle of a denial',
      run: () => {
        const env = { UPSTREAM_HEADERS_TIMEOUT_MS: '300' }
        return house.withScopelift({ name: 'slow', env }, (running) => slow(house, running))
      },
    },
    {
      sentence: 'a WebSocket is refused, opened and cut',
      run: () => house.withScopelift({ name: 'tunnel' }, (running) => tunnel(house, running)),
    },
  ]
}

async function echo(house: House, running: Running): Promise<void> {
  house.behave((req, res) => {
    const token = req.headers.authorization ?? ''
    res.writeEarlyHints({ link: `</${token.slice(7, 90)}>; rel=preload` })
    const fields = ['X-Echo', token, `X-${token.slice(-30).replace(/[^\w-]/g, '-')}`, 'name']
    const challenge = `Bearer error="insufficient_scope", scope="${SCOPE}", error_description="${token}"`
    const isDenied = !requireScopeQuietly(token)
    const lines = isDenied ? ['WWW-Authenticate', challenge, ...fields] : fields
    res.writeHead(isDenied ? 403 : 200, token.slice(0, 60), lines)
    res.end(`${token}\n${JSON.stringify(req.headers)}`)
  })
  await expectOutcome(house, running, 'stepped-up', await house.token(), { isEcho: true })
  house.behave((req, res) => void res.writeHead(403).end(req.headers.authorization))
  await expectOutcome(house, running, 'no-hint', await house.token(), { isEcho: true })
}

function requireScopeQuietly(authorization: string): boolean {
  const payload = authorization.split('.')[1] ?? ''
  return Buffer.from(payload, 'base64url').toString().includes(SCOPE)
}

/** `llama:*` allows them, so each goes to Keycloak, which does not know it: a problem that `/readyz` shows. */
async function tokenScopes(house: House, running: Running): Promise<void> {
  for (const prefix of ['llama:', 'llama:/', 'other:']) {
    const token = await house.token()
    house.behave((_req, res) => {
      // What is longer than 256 characters is no scope.
      const challenge = `Bearer error="insufficient_scope", scope="${prefix}${token.slice(0, 240)}"`
      res.writeHead(403, { 'www-authenticate': challenge }).end()
    })
    const answer = await call(house, running, token, { isEcho: true })
    assert.match(String(answer.outcome), /^(?:exchange-refused|scope-not-allowed)$/)
  }
}

async function broken(house: House): Promise<void> {
  const closers: (() => unknown)[] = []
  const t = { teardown: (close: () => unknown) => void closers.push(close) }
  const answers: readonly ((token: string) => string)[] = [
    (token) => `HTTP/1.1 200 OK\r\n${token} without a colon\r\n\r\n`,
    (token) => `HTTP/9.9 ${token}\r\n\r\n`,
    (token) => token,
    (token) => `HTTP/1.1 200 OK\r\nX: ${token}\u0000\r\n\r\n`,
    (token) => `HTTP/1.1 200 OK\r\nContent-Length: ${token}\r\n\r\n`,
    (token) => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: ${token}\r\n\r\n`,
    (token) => `HTTP/1.1 200 OK\r\nX: ${token.repeat(100)}\r\n\r\n`,
    (token) => `HTTP/1.1 101 ${token}\r\nUpgrade: ${token}\r\nConnection: upgrade\r\n\r\n`,
    (token) => `HTTP/1.1 403 ${token}\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ]
  let next = 0
  const upstream = await startRawUpstream(t, (head) => {
    const token = /^authorization: bearer (.*)$/im.exec(head)?.[1] ?? ''
    return { bytes: answers[next]?.(token) ?? '' }
  })
  try {
    const env = { UPSTREAM_URL: upstream.url }
    await house.withScopelift({ name: 'broken HTTP', env }, async (running) => {
      for (next = 0; next < answers.length; next += 1) {
        const answer = await call(house, running, await house.token(), { isEcho: true })
        assert.match(String(answer.outcome), /^(?:upstream-unavailable|forwarded)$/, `${next}`)
      }
    })
  } finally {
    for (const close of closers) close()
  }
}

async function slow(house: House, running: Running): Promise<void> {
  house.behave(() => undefined)
  await expectOutcome(house, running, 'upstream-unavailable', await house.token())
  house.behave((req, res) => {
    res.writeHead(403, { 'content-length': '1000', 'x-echo': req.headers.authorization ?? '' })
    res.write('the beginning', () => res.destroy())
  })
  const answer = await call(house, running, await house.token(), { isEcho: true })
  assert.equal(answer.outcome, 'upstream-unavailable')
}

async function tunnel(house: House, running: Running): Promise<void> {
  house.behave((req, res) => {
    if (requireScope(req, res, SCOPE)) res.end('not upgraded')
  })
  const connection = await connectRaw(running.url)
  const token = await house.token()
  const lines = [
    'GET /v1/realtime HTTP/1.1',
    'Host: x',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: openai-insecure-api-key.${house.needles.plant('a subprotocol')}`,
    `Authorization: Bearer ${token}`,
  ]
  connection.write(`${lines.join('\r\n')}\r\n\r\n`)
  house.corpus.add('relayed answer', running.name, await connection.ended())
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 9
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}
