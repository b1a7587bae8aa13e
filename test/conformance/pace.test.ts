import { once } from 'node:events'
import t from 'tap'
import { connectRaw } from '../support/raw-http.ts'
import { build, CHALLENGE, isElevated, until } from './house.ts'
import { answerOf } from './strict-upstream.ts'

const MANY = 200_000

/** Sends octets one at a time, each in a packet of its own as far as the system lets it. */
async function trickle(write: (text: string) => void, text: string): Promise<void> {
  for (const octet of text) {
    write(octet)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

t.test('a request that comes octet by octet is one request', async (t) => {
  const house = await build(t, {
    onEnd(request, socket) {
      socket.write(
        isElevated(request)
          ? answerOf('200 OK', `got ${request.body}`)
          : answerOf('403 Forbidden', 'no', [CHALLENGE]),
      )
    },
  })
  for (const framing of [
    'Content-Length: 4\r\n\r\nabcd',
    'Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n2\r\ncd\r\n0\r\nX-T: 1\r\n\r\n',
  ]) {
    const { socket, write, ended } = await connectRaw(house.scopelift.url)
    socket.setNoDelay(true)
    await trickle(
      write,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${await house.alice()}\r\n${framing}`,
    )
    t.match(await ended(), /stepped-up[\s\S]*\r\n\r\ngot abcd$/)
  }
  await house.assertSound('afterwards')
})

t.test('an answer that comes octet by octet is one answer, a denial too', async (t) => {
  const house = await build(t, {
    onEnd(request, socket) {
      socket.setNoDelay(true)
      const answer = isElevated(request)
        ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'
        : answerOf('403 Forbidden', 'denied', [CHALLENGE]).toString('latin1')
      void trickle((octet) => void socket.write(octet), answer)
    },
  })
  const answer = await house.send(
    `GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${await house.alice()}\r\n\r\n`,
  )
  t.match(answer, /^HTTP\/1\.1 200 [\s\S]*stepped-up/)
  t.match(answer.replaceAll(/\r\n[0-9a-f]+\r\n/g, ''), /abcd/)
  await house.assertSound('afterwards')
})

t.test(
  'a caller that does not read an answer stops nobody else, and gets it whole later',
  async (t) => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'a')
    const house = await build(t, {
      onEnd(request, socket) {
        if (!isElevated(request)) socket.write(answerOf('403 Forbidden', 'no', [CHALLENGE]))
        else {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
          socket.write(body)
        }
      },
    })
    const { socket, write } = await connectRaw(house.scopelift.url)
    socket.removeAllListeners('data')
    socket.pause()
    write(
      `GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${await house.alice()}\r\n\r\n`,
    )
    await until(() => house.upstream.requests.length === 2, 'the replay')
    await house.assertSound('meanwhile')
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.resume()
    await once(socket, 'close')
    t.ok(bytes > body.length, 'head and body')
    await house.assertSound('afterwards')
  },
)

/** Uploads that the upstream answers before it has read them. */
const EARLY: Record<string, { answer: Buffer; closes: boolean; status: RegExp }> = {
  'a grant': { answer: answerOf('200 OK', 'early'), closes: false, status: /HTTP\/1\.1 200 / },
  'a grant that closes': {
    answer: answerOf('200 OK', 'early', ['Connection: close']),
    closes: true,
    status: /HTTP\/1\.1 200 /,
  },
  'a 413 that closes': {
    answer: answerOf('413 Payload Too Large', 'early', ['Connection: close']),
    closes: true,
    status: /HTTP\/1\.1 413 /,
  },
  'a denial without a hint': {
    answer: answerOf('403 Forbidden', 'early'),
    closes: false,
    status: /HTTP\/1\.1 403 /,
  },
  'a denial without a hint that closes': {
    answer: answerOf('403 Forbidden', 'early', ['Connection: close']),
    closes: true,
    status: /HTTP\/1\.1 403 /,
  },
}

t.test(
  'an early answer reaches a caller that is still uploading, and its connection serves on',
  async (t) => {
    for (const [name, { answer, closes, status }] of Object.entries(EARLY)) {
      const house = await build(t, {
        onHead(_request, socket) {
          socket.write(answer)
          if (closes) socket.end()
        },
      })
      const token = await house.alice()
      for (const framing of ['length', 'chunks']) {
        const { write, until: sees, ended } = await connectRaw(house.scopelift.url)
        write(`POST /p HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`)
        const half = 'a'.repeat(MANY / 2)
        if (framing === 'length') write(`Content-Length: ${MANY}\r\n\r\n${half}`)
        else write(`Transfer-Encoding: chunked\r\n\r\n${(MANY / 2).toString(16)}\r\n${half}\r\n`)
        t.match(await sees('early'), status, `${name}, ${framing}`)
        if (framing === 'length') write(half)
        else write(`${(MANY / 2).toString(16)}\r\n${half}\r\n0\r\n\r\n`)
        write('GET /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        t.match(
          await ended(),
          /early[\s\S]*HTTP\/1\.1 200 [\s\S]*\r\n\r\nfine$/,
          `${name}, ${framing}: the next request`,
        )
      }
      await house.assertSound(name)
    }
  },
)

t.test('a streamed upload that falls silent is 408, and its connection ends', async (t) => {
  const house = await build(
    t,
    {},
    {
      UPSTREAM_HEADERS_TIMEOUT_MS: '1000',
      EXCHANGE_TIMEOUT_MS: '1000',
    },
  )
  const { write, ended } = await connectRaw(house.scopelift.url)
  write('POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
  t.match(await ended(), /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
  await house.assertSound('afterwards')
})

t.test('an upload that is silent while its scopes are asked for is not late', async (t) => {
  const house = await build(
    t,
    {
      onHead(request, socket) {
        if (!isElevated(request)) socket.write(answerOf('403 Forbidden', 'no', [CHALLENGE]))
      },
      onEnd: (request, socket) => void socket.write(answerOf('200 OK', `got ${request.body}`)),
    },
    { UPSTREAM_HEADERS_TIMEOUT_MS: '1000' },
  )
  house.authorizationServer.faults.next({ kind: 'delay', ms: 2500 }, 'exchange')
  const { write, ended } = await connectRaw(house.scopelift.url)
  write(
    `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${await house.alice()}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`,
  )
  setTimeout(() => write('0\r\n\r\n'), 2000)
  t.match(await ended(), /^HTTP\/1\.1 200 [\s\S]*stepped-up[\s\S]*got ab$/)
})

t.test('a replay that is answered early leaves the upload’s connection in order', async (t) => {
  const house = await build(t, {
    onHead(request, socket) {
      socket.write(
        isElevated(request)
          ? answerOf('200 OK', 'early')
          : answerOf('403 Forbidden', 'no', [CHALLENGE]),
      )
    },
  })
  const { write, until: sees, ended } = await connectRaw(house.scopelift.url)
  write(
    `POST /p HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await house.alice()}\r\nContent-Length: ${MANY}\r\n\r\n`,
  )
  write('a'.repeat(MANY / 2))
  t.match(await sees('early'), /^HTTP\/1\.1 200 [\s\S]*stepped-up/)
  write(`${'a'.repeat(MANY / 2)}GET /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  t.match(await ended(), /early[\s\S]*HTTP\/1\.1 200 [\s\S]*\r\n\r\nfine$/)
  await house.assertSound('afterwards')
})

t.test('pipelined step-ups are answered in order, whatever each of them takes', async (t) => {
  const house = await build(t, {
    onEnd(request, socket) {
      const delayMs = request.target === '/1' ? 60 : 0
      const answer = isElevated(request)
        ? answerOf('200 OK', `to ${request.target}`)
        : answerOf('403 Forbidden', 'no', [CHALLENGE])
      setTimeout(() => socket.write(answer), delayMs)
    },
  })
  const token = await house.alice()
  const { write, ended } = await connectRaw(house.scopelift.url)
  for (const [target, closing] of [
    ['/1', ''],
    ['/2', ''],
    ['/3', ''],
    ['/4', 'Connection: close\r\n'],
  ] as const) {
    write(
      `POST ${target} HTTP/1.1\r\nHost: x\r\n${closing}Authorization: Bearer ${token}\r\nContent-Length: 4\r\n\r\nGET `,
    )
  }
  const answers = await ended()
  t.same(answers.match(/to \/\d/g), ['to /1', 'to /2', 'to /3', 'to /4'])
  t.equal(answers.match(/scopelift-outcome: stepped-up/g)?.length, 4)
  t.equal(house.authorizationServer.exchanges, 1)
  await house.assertSound('afterwards')
})
