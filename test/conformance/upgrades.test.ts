import type { Socket } from 'node:net'
import t from 'tap'
import { connectRaw } from '../support/raw-http.ts'
import { build, CHALLENGE, gauge, isElevated, until } from './house.ts'
import { valuesOf } from './strict-request-reader.ts'
import { answerOf } from './strict-upstream.ts'

const WEB_SOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
const handshake = (token: string, more = '') =>
  `GET /p HTTP/1.1\r\nHost: x\r\n${WEB_SOCKET}Authorization: Bearer ${token}\r\n\r\n${more}`

/** What an upstream may say to a handshake, and what the caller must see of it. */
const REFUSALS: Record<string, { answer: string; seen: RegExp }> = {
  'a 403 with a body': {
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    seen: /^HTTP\/1\.1 403 [\s\S]*\r\n\r\nno$/,
  },
  'a 403 without framing': {
    answer: 'HTTP/1.1 403 Forbidden\r\n\r\nno',
    seen: /^HTTP\/1\.1 403 [\s\S]*no/,
  },
  'a 401 with an initial challenge': {
    answer: 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n',
    seen: /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Bearer\r\n/,
  },
  'a 200 as if it were no handshake': {
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    seen: /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/,
  },
  'a 426': {
    answer: 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n',
    seen: /^HTTP\/1\.1 426 /,
  },
  'a redirect': {
    answer:
      'HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n',
    seen: /^HTTP\/1\.1 302 /,
  },
  'no answer at all': { answer: '', seen: /^HTTP\/1\.1 502 / },
  'no HTTP': { answer: 'nonsense\r\n\r\n', seen: /^HTTP\/1\.1 502 / },
  'half a 101': { answer: SWITCH, seen: /^HTTP\/1\.1 502 / },
  'a 101 with an ambiguous framing': {
    answer: `${SWITCH}Transfer-Encoding: foo\r\n\r\nleak`,
    seen: /^HTTP\/1\.1 502 (?![\s\S]*leak)/,
  },
}

t.test(
  'a handshake that is refused is answered as the upstream answers, and leaves nothing',
  async (t) => {
    let answer = ''
    const house = await build(t, {
      onEnd: (_request, socket) => socket.end(Buffer.from(answer, 'latin1')),
    })
    for (const [name, one] of Object.entries(REFUSALS)) {
      answer = one.answer
      for (const token of [await house.alice(), 'opaque']) {
        t.match(await house.send(handshake(token)), one.seen, name)
        await house.assertSound(name)
      }
    }
  },
)

t.test(
  'a handshake is stepped up; its lines are the tunnel’s own, and bytes go both ways',
  async (t) => {
    const house = await build(t, {
      onEnd(request, socket) {
        if (!isElevated(request)) {
          socket.end(answerOf('403 Forbidden', '', [CHALLENGE, 'Connection: close']))
          return
        }
        request.isSwitched = true
        socket.write(
          `${SWITCH}Sec-WebSocket-Accept: a\r\nScopelift-Outcome: forged\r\nKeep-Alive: timeout=5\r\n\r\n`,
        )
        socket.write('from the upstream')
        socket.on('data', (chunk) => socket.write(`echo ${String(chunk)}`))
      },
    })
    const caller = await connectRaw(house.scopelift.url)
    caller.write(handshake(await house.alice()))
    const head = await caller.until('from the upstream')
    t.match(
      head,
      /^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Accept: a\r\n[\s\S]*scopelift-outcome: stepped-up\r\n/,
    )
    t.notMatch(head, /forged|keep-alive: timeout/i)
    caller.write('GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n')
    await caller.until('echo GET /smuggled')
    t.equal(await gauge(house.scopelift, 'open_upgrades'), 1)
    t.notOk(house.upstream.requests.some(({ target }) => target === '/smuggled'))
    for (const { lines } of house.upstream.requests) {
      t.same(valuesOf(lines, 'upgrade'), ['websocket'])
      t.equal(valuesOf(lines, 'sec-websocket-key').length, 1)
    }
    caller.socket.destroy()
    await house.assertSound('afterwards')
  },
)

t.test(
  'octets that a caller sends before its 101 reach the upstream behind it, once',
  async (t) => {
    let received = ''
    const house = await build(t, {
      onEnd(request, socket) {
        if (!isElevated(request)) {
          socket.end(answerOf('403 Forbidden', '', [CHALLENGE, 'Connection: close']))
          return
        }
        request.isSwitched = true
        socket.on('data', (chunk) => {
          received += String(chunk)
        })
        setTimeout(() => socket.write(`${SWITCH}\r\n`), 20)
      },
    })
    const caller = await connectRaw(house.scopelift.url)
    caller.write(handshake(await house.alice(), 'early '))
    caller.write('words')
    await caller.until('101 Switching')
    caller.write(' and late ones')
    await until(() => received.endsWith('late ones'), 'all of them')
    t.equal(received, 'early words and late ones')
    caller.socket.destroy()
    await house.assertSound('afterwards')
  },
)

/** How a tunnel ends, by whom. */
const ENDS: Record<string, (ends: { caller: Socket; upstream: Socket }) => void> = {
  'the caller closes': ({ caller }) => void caller.destroy(),
  'the caller resets': ({ caller }) => void caller.resetAndDestroy(),
  'the caller half-closes': ({ caller }) => void caller.end(),
  'the upstream closes': ({ upstream }) => void upstream.destroy(),
  'the upstream resets': ({ upstream }) => void upstream.resetAndDestroy(),
  'the upstream half-closes': ({ upstream }) => void upstream.end(),
}

t.test('a tunnel ends whole with either of its ends', async (t) => {
  let upstream: Socket | undefined
  const house = await build(t, {
    onEnd(request, socket) {
      request.isSwitched = true
      upstream = socket
      socket.write(`${SWITCH}\r\nhello`)
    },
  })
  for (const [name, end] of Object.entries(ENDS)) {
    const { socket: caller, write, until: sees } = await connectRaw(house.scopelift.url)
    write(handshake(await house.alice()))
    await sees('hello')
    t.equal(await gauge(house.scopelift, 'open_upgrades'), 1, name)
    if (upstream !== undefined) end({ caller, upstream })
    await until(() => caller.destroyed && upstream?.destroyed === true, `${name}: both ends`)
    await house.assertSound(name)
  }
})

t.test('what is no handshake is served plainly, whatever it asks to become', async (t) => {
  const house = await build(t, {
    onEnd: (request, socket) => socket.write(answerOf('200 OK', `plain ${request.body}`)),
  })
  const asks: Record<string, string> = {
    'POST with websocket': 'POST /p HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 1\r\n',
    'GET with another protocol': 'GET /p HTTP/1.1\r\nUpgrade: irc/6.9\r\n',
    'two protocols': 'GET /p HTTP/1.1\r\nUpgrade: h2c, websocket\r\n',
    TLS: 'OPTIONS /p HTTP/1.1\r\nUpgrade: TLS/1.0\r\n',
    'GET with a body': 'GET /p HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 1\r\n',
    'HTTP/1.0': 'GET /p HTTP/1.0\r\nUpgrade: h2c\r\n',
  }
  for (const [name, ask] of Object.entries(asks)) {
    const before = house.upstream.requests.length
    const body = ask.includes('Content-Length') ? 'a' : ''
    const answer = await house.send(`${ask}Host: x\r\nConnection: Upgrade, close\r\n\r\n${body}`)
    t.match(answer, new RegExp(`^HTTP/1\\.1 200 [\\s\\S]*plain ${body}$`), name)
    const lines = house.upstream.requests[before]?.lines ?? []
    t.same(valuesOf(lines, 'upgrade'), [], name)
    t.same(valuesOf(lines, 'http2-settings'), [], name)
  }
  await house.assertSound('afterwards')
})
