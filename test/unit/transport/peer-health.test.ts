import { mock } from 'node:test'
import t from 'tap'
import { createProblems } from '../../../src/observability/problems.ts'
import { createPeerHealth } from '../../../src/transport/peer-health.ts'

function createPatient(answers: (string | undefined)[]) {
  const problems = createProblems()
  const lines: string[] = []
  const log = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
  const health = createPeerHealth({
    name: 'The upstream',
    url: new URL('http://api.test:1/base'),
    setting: 'UPSTREAM_URL',
    probe: async () => answers.shift(),
    retryMs: 1_000,
    problems,
    log,
  })
  return { health, problems, lines }
}

t.test('a failure is said once, with its remedy, and so is its end', async (t) => {
  const { health, problems, lines } = createPatient([])
  health.answered()
  t.same(lines, [])
  health.failed('ECONNREFUSED')
  health.failed('ECONNRESET')
  const sentence =
    'The upstream does not answer at http://api.test:1 (ECONNREFUSED): check that it runs and that UPSTREAM_URL can be reached from here.'
  t.same(problems.list(), [sentence])
  health.answered()
  health.answered()
  t.same(problems.list(), [])
  t.same(lines, [sentence, 'The upstream answers again at http://api.test:1'])
  health.close()
})

t.test(
  'TLS where there is none, and a certificate that nobody knows, have remedies of their own',
  async (t) => {
    const rows = {
      ERR_SSL_WRONG_VERSION_NUMBER: /write http:\/\/ in UPSTREAM_URL/,
      DEPTH_ZERO_SELF_SIGNED_CERT: /CA_FILE/,
      ERR_TLS_CERT_ALTNAME_INVALID: /CA_FILE/,
    }
    for (const [reason, remedy] of Object.entries(rows)) {
      const { health, problems } = createPatient([])
      health.failed(reason)
      t.match(problems.list()[0], remedy, reason)
      health.close()
    }
  },
)

t.test(
  'an answer that is not as it must be, or comes too late, says nothing of its peer',
  async (t) => {
    const reasons = [
      'ERR_BAD_ANSWER',
      'HPE_INVALID_CONSTANT',
      'HTTPParserError',
      'UND_ERR_HEADERS_TIMEOUT',
      'UND_ERR_HEADERS_OVERFLOW',
      'denial-broke-off',
    ]
    const { health, problems, lines } = createPatient([])
    for (const reason of reasons) health.failed(reason)
    t.same([problems.list(), lines], [[], []])
    for (const reason of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT']) {
      health.failed(reason)
      t.match(problems.list(), [reason])
      health.answered()
    }
    health.close()
  },
)

t.test('without traffic it is probed until it answers', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { health, problems } = createPatient(['ECONNREFUSED', undefined])
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  health.failed('ECONNREFUSED')
  mock.timers.tick(1_000)
  await settle()
  t.equal(problems.list().length, 1)
  mock.timers.tick(1_000)
  await settle()
  t.equal(problems.list().length, 0)
})

t.test('a check says what is wrong now', async (t) => {
  const { health } = createPatient(['ENOTFOUND', undefined])
  t.match(await health.check(), /ENOTFOUND/)
  t.equal(await health.check(), undefined)
  health.close()
})
