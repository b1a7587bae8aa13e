import t from 'tap'
import { connectRaw } from '../support/raw-http.ts'
import { build } from './house.ts'
import { valuesOf } from './strict-request-reader.ts'
import { answerOf } from './strict-upstream.ts'

const HOST = 'Host: x\r\nConnection: close\r\n'
const GET = `GET /p HTTP/1.1\r\n${HOST}`
const CHUNKED = `POST /p HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`
const post = (lines: string, body = 'abcd') => `POST /p HTTP/1.1\r\n${HOST}${lines}\r\n\r\n${body}`

/** What two parsers could read differently, or nobody may send: refused, closed, and never whole at the upstream. */
const REFUSED: Record<string, string> = {
  'lines that end in LF alone': 'GET /p HTTP/1.1\nHost: x\n\n',
  'one line that ends in LF alone': 'GET /p HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n',
  'a head that ends in LF alone': `${GET}\n`,
  'white space before the request line': ` ${GET}\r\n`,
  'white space before the first field line': 'GET /p HTTP/1.1\r\n X-A: b\r\nHost: x\r\n\r\n',
  'tabs in the request line': `GET\t/p\tHTTP/1.1\r\n${HOST}\r\n`,
  'a space in the target': `GET /p q HTTP/1.1\r\n${HOST}\r\n`,
  'a space behind the version': `GET /p HTTP/1.1 \r\n${HOST}\r\n`,
  'no version': 'GET /p\r\n\r\n',
  'HTTP/0.9 by name': `GET /p HTTP/0.9\r\n${HOST}\r\n`,
  'HTTP/1.2': `GET /p HTTP/1.2\r\n${HOST}\r\n`,
  'HTTP/2.0 by name': `GET /p HTTP/2.0\r\n${HOST}\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a version in lower case': `GET /p http/1.1\r\n${HOST}\r\n`,
  'a method in lower case': `get /p HTTP/1.1\r\n${HOST}\r\n`,
  'a method that nobody knows': `SMUGGLE /p HTTP/1.1\r\n${HOST}\r\n`,
  'a very long method': `${'G'.repeat(70_000)} /p HTTP/1.1\r\n${HOST}\r\n`,
  'absolute-form': `GET http://elsewhere.example/p HTTP/1.1\r\n${HOST}\r\n`,
  'authority-form': `GET elsewhere.example:80 HTTP/1.1\r\n${HOST}\r\n`,
  'asterisk-form': `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  'a name with obs-text': `${GET}X-\xe9: b\r\n\r\n`,
  'an empty name': `${GET}: b\r\n\r\n`,
  'a line without a colon': `${GET}X-A\r\n\r\n`,
  'a name with a bracket': `${GET}X(A): b\r\n\r\n`,
  'a control character in a value': `${GET}X-A: b\x01c\r\n\r\n`,
  'a DEL in a value': `${GET}X-A: b\x7fc\r\n\r\n`,
  'a vertical tab behind a value': `${GET}X-A: b\x0b\r\n\r\n`,
  'a Host with a space': 'GET /p HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  'a Host with userinfo': 'GET /p HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n',
  'a Host with a path': 'GET /p HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n',
  'a Host with two ports': 'GET /p HTTP/1.1\r\nHost: a:1:2\r\nConnection: close\r\n\r\n',
  'a Host that is a list': 'GET /p HTTP/1.1\r\nHost: a, b\r\nConnection: close\r\n\r\n',
  'a Host with obs-text': 'GET /p HTTP/1.1\r\nHost: \xe9\r\nConnection: close\r\n\r\n',
  'Transfer-Encoding in HTTP/1.0':
    'POST /p HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked twice in a line': post(
    'Transfer-Encoding: chunked, chunked',
    '0\r\n\r\n',
  ),
  'Transfer-Encoding with a parameter': post('Transfer-Encoding: chunked;a=b', '0\r\n\r\n'),
  'Transfer-Encoding in quotes': post('Transfer-Encoding: "chunked"', '0\r\n\r\n'),
  'Transfer-Encoding with a vertical tab': post('Transfer-Encoding: chunked\x0b', '0\r\n\r\n'),
  'Transfer-Encoding with an empty element': post('Transfer-Encoding: ,chunked', '0\r\n\r\n'),
  'an empty Transfer-Encoding': post('Transfer-Encoding:', '0\r\n\r\n'),
  'Transfer-Encoding: identity': post('Transfer-Encoding: identity'),
  'a list in Content-Length': post('Content-Length: 4,4'),
  'a space in Content-Length': post('Content-Length: 4 4'),
  'a negative Content-Length': post('Content-Length: -4'),
  'a hexadecimal Content-Length': post('Content-Length: 0x4'),
  'a fraction in Content-Length': post('Content-Length: 4.0'),
  'an empty Content-Length': post('Content-Length:'),
  'a Content-Length of 20 digits': post('Content-Length: 99999999999999999999'),
  'a chunk size that overflows': `${CHUNKED}FFFFFFFFFFFFFFFFF\r\nabcd\r\n0\r\n\r\n`,
  'a chunk size that overflows to 4': `${CHUNKED}10000000000000004\r\nabcd\r\n0\r\n\r\n`,
  'a chunk size with 0x': `${CHUNKED}0x4\r\nabcd\r\n0\r\n\r\n`,
  'a chunk size with a sign': `${CHUNKED}+4\r\nabcd\r\n0\r\n\r\n`,
  'a negative chunk size': `${CHUNKED}-4\r\nabcd\r\n0\r\n\r\n`,
  'a space behind a chunk size': `${CHUNKED}4 \r\nabcd\r\n0\r\n\r\n`,
  'chunk lines that end in LF alone': `${CHUNKED}4\nabcd\n0\n\n`,
  'a LF in a chunk extension': `${CHUNKED}4;a\nb\r\nabcd\r\n0\r\n\r\n`,
  'a chunk longer than its size': `${CHUNKED}4\r\nabcdef\r\n0\r\n\r\n`,
  'a trailer that frames': `${CHUNKED}4\r\nabcd\r\n0\r\nContent-Length: 4\r\n\r\n`,
  'a malformed trailer': `${CHUNKED}4\r\nabcd\r\n0\r\nX A: 1\r\n\r\n`,
}

t.test('what is no sound request is refused, and its connection closed', async (t) => {
  const house = await build(t, {
    onEnd: (_request, socket) => socket.write(answerOf('200 OK', 'reached')),
  })
  for (const [name, request] of Object.entries(REFUSED)) {
    const answer = await house.send(request)
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*\{"error":\{"message":[\s\S]*\}\}$/, name)
    t.notMatch(answer, /reached/, name)
    t.match(answer, /\r\ncontent-type: application\/json; charset=utf-8\r\n/, name)
  }
  const whole = house.upstream.requests.filter(
    ({ isComplete, target }) => isComplete && target === '/p',
  )
  t.same(whole, [], 'not one of them arrived whole')
  await house.assertSound('after all of them')
})

/** What may be sent, however odd: it arrives as one well-formed request. */
const ADMITTED: Record<string, { request: string; body?: string; target?: string }> = {
  'CRLF before the request line': { request: `\r\n\r\n${GET}\r\n` },
  'two spaces in the request line': { request: `GET  /p HTTP/1.1\r\n${HOST}\r\n` },
  'HTTP/1.0': { request: 'GET /p HTTP/1.0\r\n\r\n' },
  'an empty Host': { request: 'GET /p HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n' },
  'a Host with an address and a port': {
    request: 'GET /p HTTP/1.1\r\nHost: [::1]:8322\r\nConnection: close\r\n\r\n',
  },
  'a Host with a name and a port': {
    request: 'GET /p HTTP/1.1\r\nHost: llama_stack.svc-1.example.:443\r\nConnection: close\r\n\r\n',
  },
  'a Host without its port': {
    request: 'GET /p HTTP/1.1\r\nHost: a:\r\nConnection: close\r\n\r\n',
  },
  'chunk extensions': {
    request: `${CHUNKED}4;a=b;c="d"\r\nabcd\r\n0;last\r\n\r\n`,
    body: 'abcd',
  },
  'leading zeros in a chunk size': {
    request: `${CHUNKED}${'0'.repeat(20)}4\r\nabcd\r\n0\r\n\r\n`,
    body: 'abcd',
  },
  'chunks of one octet': {
    request: `${CHUNKED}${'1\r\na\r\n'.repeat(2000)}0\r\n\r\n`,
    body: 'a'.repeat(2000),
  },
  trailers: {
    request: `${CHUNKED}4\r\nabcd\r\n0\r\nX-T: 1\r\nAuthorization: Bearer x\r\n\r\n`,
    body: 'abcd',
  },
  'Transfer-Encoding in mixed case': {
    request: post('transfer-encodinG: Chunked', '4\r\nabcd\r\n0\r\n\r\n'),
    body: 'abcd',
  },
  'a leading zero in Content-Length': { request: post('Content-Length: 04'), body: 'abcd' },
  'Content_Length beside Content-Length': {
    request: post('Content_Length: 40\r\nContent-Length: 4'),
    body: 'abcd',
  },
  'a Connection line that names the framing': {
    request:
      'POST /p HTTP/1.1\r\nHost: x\r\nConnection: close, content-length, transfer-encoding, host\r\nContent-Length: 4\r\n\r\nabcd',
    body: 'abcd',
  },
  'GET with a body': { request: `${GET}Content-Length: 4\r\n\r\nabcd`, body: 'abcd' },
  'GET with chunks': {
    request: `${GET}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n`,
    body: 'abcd',
  },
  'HEAD with a body': {
    request: `HEAD /p HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nabcd`,
    body: 'abcd',
  },
  'HEAD with chunks': {
    request: `HEAD /p HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n`,
    body: 'abcd',
  },
  'DELETE with a body': {
    request: `DELETE /p HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nabcd`,
    body: 'abcd',
  },
  'OPTIONS with a body': {
    request: `OPTIONS /p HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nabcd`,
    body: 'abcd',
  },
  'QUERY with chunks': {
    request: `QUERY /p HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n`,
    body: 'abcd',
  },
  'a target of 60 000 characters': {
    request: `GET /${'x'.repeat(60_000)} HTTP/1.1\r\n${HOST}\r\n`,
    target: `/${'x'.repeat(60_000)}`,
  },
  'Upgrade: h2c': {
    request: `GET /p HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n`,
  },
  'Upgrade: h2c with a body': {
    request: `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nabcd`,
    body: 'abcd',
  },
  'Upgrade: h2c with chunks': {
    request: `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n`,
    body: 'abcd',
  },
  'a WebSocket handshake with a body is no handshake': {
    request: `GET /p HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nabcd`,
    body: 'abcd',
  },
}

t.test('what is odd but sound arrives as one well-formed request', async (t) => {
  const house = await build(t, {
    onEnd: (_request, socket) => socket.write(answerOf('200 OK', 'reached')),
  })
  for (const [name, { request, body = '', target = '/p' }] of Object.entries(ADMITTED)) {
    const before = house.upstream.requests.length
    const answer = await house.send(request)
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, name)
    const seen = house.upstream.requests.slice(before)
    t.equal(seen.length, 1, `${name}: one request`)
    t.equal(seen[0]?.body, body, `${name}: its body`)
    t.equal(seen[0]?.target, target, `${name}: its target`)
    t.equal(valuesOf(seen[0]?.lines ?? [], 'authorization').length, 0, `${name}: no credential`)
    t.same(house.upstream.violations(), [], name)
  }
  await house.assertSound('after all of them')
})

t.test(
  'many lines arrive as they came, too many are 431, and octets beyond ASCII stay as they are',
  async (t) => {
    const house = await build(t, {
      onEnd: (_request, socket) => socket.write(answerOf('200 OK', 'reached')),
    })
    const lines = 'a: b\r\n'.repeat(990)
    t.match(await house.send(`${GET}${lines}\r\n`), /^HTTP\/1\.1 200 /)
    t.equal(valuesOf(house.upstream.requests[0]?.lines ?? [], 'a').length, 990)
    t.match(await house.send(`${GET}X-A: \xe9\xff\x80\t"\\\r\n\r\n`), /^HTTP\/1\.1 200 /)
    t.same(valuesOf(house.upstream.requests[1]?.lines ?? [], 'x-a'), ['\xe9\xff\x80\t"\\'])
    for (const line of [
      `a: ${'x'.repeat(70_000)}`,
      `${'x'.repeat(70_000)}: a`,
      'a: bbbbbb\r\n'.repeat(12_000),
      'a: b\r\n'.repeat(1_000),
    ]) {
      t.match(await house.send(`${GET}${line}\r\n\r\n`), /^HTTP\/1\.1 431 [\s\S]*headers_too_large/)
    }
    await house.assertSound('afterwards')
  },
)

t.test('lines beyond the 1000th frame and speak like all others', async (t) => {
  const house = await build(t, {
    onEnd(request, socket) {
      const isHandshake = valuesOf(request.lines, 'upgrade').length > 0
      socket.end(
        isHandshake
          ? answerOf('403 Forbidden', '', ['Connection: close'])
          : answerOf('200 OK', 'plain'),
      )
    },
  })
  const many = 'a: b\r\n'.repeat(3000)
  const handshake = 'Connection: close, Upgrade\r\nUpgrade: websocket\r\n'
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
  for (const framing of [`Content-Length: ${smuggled.length}`, 'Transfer-Encoding: chunked']) {
    const answer = await house.send(
      `GET /p HTTP/1.1\r\nHost: x\r\n${handshake}${many}${framing}\r\n\r\n${smuggled}`,
    )
    t.notMatch(answer, /smuggled/, framing)
    await house.assertSound(framing)
  }
  t.notOk(house.upstream.requests.some(({ target }) => target === '/smuggled'))
})

/** A request with a body that looks like a request, and one behind it on the same connection. */
const INNER = 'GET /smuggled HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer stolen\r\n\r\n'
const UNREAD: Record<string, string> = {
  'a refused target': `POST /a/../b HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  'a refused target, chunked': `POST /a/../b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
  'two credentials': `POST /p HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  TRACE: `TRACE /p HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  'an expectation that nobody knows': `POST /p HTTP/1.1\r\nHost: x\r\nExpect: something\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  'an early answer': `POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  'an early answer, chunked': `POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
  'an early answer to 200 000 octets': `POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length * 2000}\r\n\r\n${INNER.repeat(2000)}`,
  'GET with a body': `GET /p HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  'Upgrade: h2c': `POST /p HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
}

t.test('an unread body is no request, and the request behind it is answered', async (t) => {
  for (const closesEarly of [false, true]) {
    const house = await build(t, {
      onHead(request, socket) {
        if (request.target !== '/early') return
        socket.write(answerOf('200 OK', 'early'))
        if (closesEarly) socket.destroySoon()
      },
      onEnd(request, socket) {
        if (request.target !== '/early') socket.write(answerOf('200 OK', 'reached'))
      },
    })
    for (const [name, request] of Object.entries(UNREAD)) {
      const { write, ended } = await connectRaw(house.scopelift.url)
      write(`${request}GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      const answer = await ended()
      t.equal(answer.match(/HTTP\/1\.1 \d{3}/g)?.length, 2, `${name}: two answers`)
      t.match(
        answer,
        /HTTP\/1\.1 200 OK\r\n[\s\S]*reached$/,
        `${name}: the second is the upstream’s`,
      )
    }
    t.notOk(house.upstream.requests.some(({ target }) => target === '/smuggled'))
    t.equal(
      house.upstream.requests.filter(({ target }) => target === '/next').length,
      Object.keys(UNREAD).length,
    )
    await house.assertSound(`closes early: ${closesEarly}`)
  }
})

/** What may follow on a connection whose first answer is still due. */
const PIPELINED: Record<string, { request: string; answers: RegExp }> = {
  'a WebSocket handshake': {
    request:
      'GET /2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    answers: /^HTTP\/1\.1 200 [\s\S]*to \/1HTTP\/1\.1 200 [\s\S]*to \/2$/,
  },
  'a refused handshake': {
    request: 'GET /a/../b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    answers: /^HTTP\/1\.1 200 [\s\S]*to \/1HTTP\/1\.1 400 /,
  },
  CONNECT: {
    request: 'CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    answers: /^HTTP\/1\.1 200 [\s\S]*to \/1HTTP\/1\.1 405 /,
  },
  'a declined upgrade': {
    request: `GET /2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /3 HTTP/1.1\r\n${HOST}\r\n`,
    answers:
      /^HTTP\/1\.1 200 [\s\S]*to \/1HTTP\/1\.1 200 [\s\S]*to \/2HTTP\/1\.1 200 [\s\S]*to \/3$/,
  },
  'a refused target': {
    request: `GET /a/../b HTTP/1.1\r\n${HOST}\r\n`,
    answers: /^HTTP\/1\.1 200 [\s\S]*to \/1HTTP\/1\.1 400 /,
  },
  'no request at all': { request: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', answers: /^(?!HTTP\/1\.1 400)/ },
}

t.test('nothing that is pipelined overtakes the answer before it', async (t) => {
  const house = await build(t, {
    onEnd(request, socket) {
      setTimeout(() => socket.write(answerOf('200 OK', `to ${request.target}`)), 50).unref()
    },
  })
  for (const [name, { request, answers }] of Object.entries(PIPELINED)) {
    const { write, ended } = await connectRaw(house.scopelift.url)
    write(`GET /1 HTTP/1.1\r\nHost: x\r\n\r\n${request}`)
    t.match(await ended(), answers, name)
    await house.assertSound(name)
  }
})

t.test(
  'no request goes upstream for a caller whose connection has ended before its turn',
  async (t) => {
    const house = await build(t, {
      onEnd: (_request, socket) => socket.write(answerOf('200 OK', 'reached')),
    })
    const refused = 'GET // HTTP/1.1\r\nHost: x\r\n\r\n'
    const behind = [
      'GET /2 HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na',
    ]
    for (const request of behind) {
      t.match(await house.send(`${refused}${request}nonsense\r\n\r\n`), /^HTTP\/1\.1 400 /)
      await house.assertSound(request)
    }
  },
)

t.test('many declined upgrades on one connection leave it in order', async (t) => {
  const house = await build(t, {
    onEnd: (request, socket) => socket.write(answerOf('200 OK', `to ${request.target}`)),
  })
  const warnings: string[] = []
  const onWarning = (warning: Error) => warnings.push(warning.name)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const { write, ended } = await connectRaw(house.scopelift.url)
  for (let i = 0; i < 20; i += 1) {
    write(
      `POST /${i} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\na`,
    )
  }
  write(`GET /20 HTTP/1.1\r\n${HOST}\r\n`)
  const targets = (await ended()).match(/to \/\d+/g)
  t.same(
    targets,
    Array.from({ length: 21 }, (_, i) => `to /${i}`),
  )
  t.same(warnings, [])
  await house.assertSound('afterwards')
})
