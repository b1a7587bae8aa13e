import t from 'tap'
import { connectRaw } from '../support/raw-http.ts'
import { build, CHALLENGE, isElevated } from './house.ts'
import { answerOf } from './strict-upstream.ts'

const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
const OK = answerOf('200 OK', 'final').toString('latin1')
const DENIAL = answerOf('403 Forbidden', 'denied', [CHALLENGE]).toString('latin1')

/** Interim heads, and how many the caller of a request with a token may see. */
const INTERIM: Record<string, { heads: string; atMost: number }> = {
  'one 103': { heads: HINT, atMost: 1 },
  'a 102 and a 103': { heads: `HTTP/1.1 102 Processing\r\n\r\n${HINT}`, atMost: 2 },
  'a flood of 103': { heads: HINT.repeat(3000), atMost: 8 },
  'a flood of 102': { heads: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(3000), atMost: 8 },
  'a 103 without a link': { heads: 'HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n', atMost: 1 },
  'a 103 whose link is malformed': {
    heads: 'HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\n',
    atMost: 1,
  },
  'a 199 that nobody knows': { heads: 'HTTP/1.1 199 Odd\r\nX-A: b\r\n\r\n', atMost: 1 },
  'a 103 of 60 KB': {
    heads: `HTTP/1.1 103 Early Hints\r\nLink: <${'a'.repeat(60_000)}>; rel=preload\r\n\r\n`,
    atMost: 1,
  },
}

const GET = 'GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
const countInterim = (answer: string) => answer.match(/HTTP\/1\.1 1\d\d /g)?.length ?? 0

t.test('interim heads pass in bounds, before the answer and never instead of it', async (t) => {
  let heads = ''
  const house = await build(t, {
    onEnd: (_request, socket) => socket.write(Buffer.from(heads + OK, 'latin1')),
  })
  const token = await house.alice()
  for (const [name, one] of Object.entries(INTERIM)) {
    heads = one.heads
    const withToken = await house.send(`${GET}Authorization: Bearer ${token}\r\n\r\n`)
    t.match(withToken, /HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfinal$/, name)
    t.ok(countInterim(withToken) <= one.atMost, `${name}: ${countInterim(withToken)} of them`)
    const without = await house.send(`${GET}\r\n`)
    t.match(without, /HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfinal$/, `${name}, without a token`)
    const old = await house.send('GET /p HTTP/1.0\r\n\r\n')
    t.match(old, /^HTTP\/1\.1 200 OK\r\n/, `${name}: HTTP/1.0 knows none`)
  }
  await house.assertSound('after all of them')
})

t.test('an interim head of the denied attempt never leaks; those of the replay pass', async (t) => {
  let heads = ''
  const house = await build(t, {
    onEnd(request, socket) {
      const own = isElevated(request)
        ? heads.replaceAll('a.css', 'granted.css') + OK
        : heads + DENIAL
      socket.write(Buffer.from(own, 'latin1'))
    },
  })
  for (const [name, one] of Object.entries(INTERIM)) {
    heads = one.heads
    const answer = await house.send(`${GET}Authorization: Bearer ${await house.alice()}\r\n\r\n`)
    t.match(answer, /\r\nscopelift-outcome: stepped-up\r\n[\s\S]*\r\n\r\nfinal$/, name)
    t.notMatch(answer, /<\/a\.css>/, `${name}: nothing of the denied attempt`)
    if (name === 'one 103') t.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/granted\.css>/)
  }
  await house.assertSound('after all of them')
})

t.test('a denial that is passed on brings no interim head of its attempt', async (t) => {
  let heads = ''
  const house = await build(t, {
    onEnd: (_request, socket) =>
      socket.write(`${heads}HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno`),
  })
  for (const [name, one] of Object.entries(INTERIM)) {
    heads = one.heads
    const answer = await house.send(`${GET}Authorization: Bearer ${await house.alice()}\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\n\r\nno$/, name)
  }
  await house.assertSound('after all of them')
})

t.test('a 100 from the upstream is never the caller’s: nobody asked for it', async (t) => {
  const house = await build(t, {
    onEnd: (_request, socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  })
  for (const lines of [
    'Content-Length: 4\r\n\r\nabcd',
    'Content-Length: 4\r\nExpect: 100-continue\r\n\r\nabcd',
  ]) {
    const answer = await house.send(`POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}`)
    const [, ...continues] = answer.split('HTTP/1.1 100 Continue')
    t.equal(continues.length, lines.includes('Expect') ? 1 : 0, 'only our own')
    t.match(answer, /HTTP\/1\.1 (200 OK|502 Bad Gateway)\r\n/)
  }
  await house.assertSound('afterwards')
})

/** How a caller may announce that it waits, and whether a 100 is due before its body comes. */
const EXPECTATIONS: Record<string, { lines: string; isAsked: boolean }> = {
  'with a length': { lines: 'Expect: 100-continue\r\nContent-Length: 4', isAsked: true },
  'in capitals': { lines: 'EXPECT: 100-CONTINUE\r\nContent-Length: 4', isAsked: true },
  twice: {
    lines: 'Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 4',
    isAsked: true,
  },
  'without a body': { lines: 'Expect: 100-continue', isAsked: false },
  'with an empty body': { lines: 'Expect: 100-continue\r\nContent-Length: 0', isAsked: false },
}

t.test('a caller that waits for 100 gets it once, and only where a body is wanted', async (t) => {
  const house = await build(t, {
    onEnd: (request, socket) => socket.write(answerOf('200 OK', `got ${request.body}`)),
  })
  for (const [name, { lines, isAsked }] of Object.entries(EXPECTATIONS)) {
    const { write, until, ended } = await connectRaw(house.scopelift.url)
    write(`POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n\r\n`)
    if (isAsked) {
      t.equal(await until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n', name)
      write('abcd')
    }
    const answer = await ended()
    t.match(answer, isAsked ? /\r\n\r\ngot abcd$/ : /\r\n\r\ngot $/, name)
    t.equal(answer.split('100 Continue').length, isAsked ? 2 : 1, `${name}: once at most`)
  }
  await house.assertSound('after all of them')
})

t.test(
  'a caller that waits for 100 learns of an early denial while most of its body is unsent',
  async (t) => {
    const house = await build(t, {
      onHead: (_request, socket) =>
        void socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
    })
    const { write, until, socket } = await connectRaw(house.scopelift.url)
    write(
      `POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nAuthorization: Bearer ${await house.alice()}\r\nContent-Length: 100000\r\n\r\n`,
    )
    await until('100 Continue')
    write('a'.repeat(1000))
    t.match(await until('\r\n\r\nno'), /HTTP\/1\.1 403 /)
    socket.destroy()
    await house.assertSound('afterwards')
  },
)

t.test('a refusal at admission comes without a 100', async (t) => {
  const house = await build(t, {})
  for (const request of [
    'POST /a/../b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
    'POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: a\r\nAuthorization: b\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
  ]) {
    const { write, until, socket } = await connectRaw(house.scopelift.url)
    write(request)
    t.match(await until('\r\n\r\n'), /^HTTP\/1\.1 400 /)
    socket.destroy()
  }
  await house.assertSound('afterwards')
})
