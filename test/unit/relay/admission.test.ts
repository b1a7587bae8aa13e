import t from 'tap'
import type { Admission } from '../../../src/relay/admission.ts'
import { admit } from '../../../src/relay/admission.ts'
import { REFUSALS } from '../../../src/relay/refusal.ts'

const NAME = 'scopelift-0123456789abcdef'

function admitHead(
  method: string,
  target: string,
  rawHeaders: readonly string[],
  httpVersion = '1.1',
): Admission {
  return admit({ method, target, httpVersion, rawHeaders }, NAME)
}

t.test('a request goes on with its head and its canonical path', async (t) => {
  const admission = admitHead('POST', '/v1/%66iles//?a=b', ['Host', 'h', 'X', 'y'])
  t.match(admission, { kind: 'admitted', path: '/v1/files', head: { lines: ['X', 'y'] } })
})

t.test('targets that policy cannot match safely are refused', async (t) => {
  const targets = [
    ...['*', '', 'v1', '//evil', '/%2fevil', 'http://h/v1', 'h:443', '/a/../b', '/a/./b', '/..'],
    ...['/a/..%2f..%2fadmin', '/%2e%2e/a', '/a%5cb', '/a\\b', '/a%00', '/a#b', '/a?b#c', '/%ff'],
    ...['/%', '/%zz', '/a b', '/a?\u00e9', '/\u00e9', '/..;x/a'],
  ]
  for (const target of targets) {
    const admission = admitHead('GET', target, ['Host', 'h'])
    t.same(admission, { kind: 'refused', refusal: REFUSALS.target, closes: false }, target)
  }
})

t.test('an expectation that is not 100-continue alone is refused', async (t) => {
  for (const lines of [['100-continue, foo'], ['100-continue', 'foo'], ['foo'], ['']]) {
    const expects = lines.flatMap((line) => ['Expect', line])
    const admission = admitHead('POST', '/', ['Host', 'h', ...expects])
    t.same(admission, { kind: 'refused', refusal: REFUSALS.expectation, closes: false }, `${lines}`)
  }
  for (const lines of [['100-continue'], ['100-Continue', '100-continue']]) {
    const expects = lines.flatMap((line) => ['Expect', line])
    t.equal(admitHead('POST', '/', ['Host', 'h', ...expects]).kind, 'admitted', `${lines}`)
  }
})

t.test('a head of more than 1000 lines is refused', async (t) => {
  const lines = Array.from({ length: 999 }, () => ['a', 'b']).flat()
  t.equal(admitHead('GET', '/', ['Host', 'h', ...lines]).kind, 'admitted')
  t.match(admitHead('GET', '/', ['Host', 'h', ...lines, 'a', 'b']), {
    refusal: REFUSALS.headersTooLarge,
    closes: true,
  })
})

t.test('targets with odd but safe spellings go on', async (t) => {
  for (const target of ['/', '/a;b', '/a%2Fb', '/a//b', '/a?..//%zz', '/%C3%A9', '/...', '/.a']) {
    t.equal(admitHead('GET', target, ['Host', 'h']).kind, 'admitted', target)
  }
})

t.test('heads that two parsers could read differently are refused', async (t) => {
  const table: [lines: string[], refusal: unknown, closes: boolean][] = [
    [['Host', 'a', 'host', 'a'], REFUSALS.host, true],
    [['Host', 'h', 'Authorization', 'a', 'authorization', 'a'], REFUSALS.authorization, false],
    [['Host', 'h', 'Transfer-Encoding', 'gzip, chunked'], REFUSALS.framing, true],
    [
      ['Host', 'h', 'Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'],
      REFUSALS.framing,
      true,
    ],
    [['Host', 'h', 'Transfer-Encoding', 'xchunked'], REFUSALS.framing, true],
    [['Host', 'h', 'Transfer-Encoding', ''], REFUSALS.framing, true],
    [['Host', 'h', 'Content-Length', '9007199254740992'], REFUSALS.length, true],
    [['Host', 'h', 'Content-Length', '18446744073709551615'], REFUSALS.length, true],
    [['Host', 'h', 'Via', `1.1 a, 1.1 ${NAME}`], REFUSALS.loop, false],
    [
      ['Host', 'h', 'Via', '1.1 a', 'Via', `1.1 ${NAME}`, 'Connection', 'via'],
      REFUSALS.loop,
      false,
    ],
  ]
  for (const [lines, refusal, closes] of table) {
    t.same(admitHead('GET', '/', lines), { kind: 'refused', refusal, closes }, lines.join())
  }
})

t.test('what only looks suspicious goes on', async (t) => {
  const table = [
    ['Transfer-Encoding', 'Chunked'],
    ['Content-Length', '9007199254740991'],
    ['Via', '1.1 scopelift-fedcba9876543210'],
    ['X-Via', NAME],
  ]
  for (const lines of table)
    t.equal(admitHead('GET', '/', ['Host', 'h', ...lines]).kind, 'admitted')
})

t.test('TRACE and CONNECT are refused before anything is read, other methods go on', async (t) => {
  for (const method of ['TRACE', 'CONNECT']) {
    t.match(admitHead(method, '*', []), { kind: 'refused', refusal: REFUSALS.method })
  }
  for (const method of ['GET', 'QUERY', 'PROPFIND', 'trace']) {
    t.equal(admitHead(method, '/', ['Host', 'h']).kind, 'admitted')
  }
})

t.test('a request of HTTP/1.1 must have a Host, one of HTTP/1.0 need not', async (t) => {
  t.match(admitHead('GET', '/', []), { kind: 'refused', refusal: REFUSALS.host, closes: true })
  t.equal(admitHead('GET', '/', [], '1.0').kind, 'admitted')
})
