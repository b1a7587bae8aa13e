import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { createLogger } from '../../../src/observability/logger.ts'

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${'eyJzdWIiOiJ4In0'}.${'c2lnbmF0dXJl'}`

function createLines(level = 'info') {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line) => void lines.push(line) } })
  const parse = (): unknown => JSON.parse(lines.at(-1) ?? '')
  return { log, lines, parse }
}

t.test('a line is JSON with level, time and message, and nothing of the machine', async (t) => {
  const { log, parse } = createLines()
  log.info({ port: 1 }, 'hello')
  t.match(parse(), { level: 'info', time: /^\d{4}-\d\d-\d\dT.*Z$/, port: 1, msg: 'hello' })
  t.same(Object.keys(Object(parse())), ['level', 'time', 'port', 'msg'])
})

t.test('lines below the level are not written, and silent writes none', async (t) => {
  const warn = createLines('warn')
  warn.log.info('no')
  warn.log.warn('yes')
  t.equal(warn.lines.length, 1)
  const silent = createLines('silent')
  silent.log.fatal('no')
  t.equal(silent.lines.length, 0)
})

t.test('an error is written as type, code and message only', async (t) => {
  const { log, parse, lines } = createLines()
  const error = Object.assign(new TypeError('refused'), {
    code: 'ERR_X',
    headers: { authorization: 'Bearer opaque-secret' },
    body: 'private',
  })
  log.error({ err: error }, 'failed')
  t.match(parse(), { err: { type: 'TypeError', code: 'ERR_X', message: 'refused' } })
  log.error(error)
  t.match(parse(), { err: { type: 'TypeError', code: 'ERR_X', message: 'refused' } })
  t.notMatch(lines.join(''), /opaque-secret|private|stack|\.ts:/)
})

t.test('causes are followed for a bounded way', async (t) => {
  const { log, parse } = createLines()
  const loop = new Error('loop')
  loop.cause = loop
  log.error({ err: loop })
  t.match(parse(), { err: { message: 'loop', cause: { message: 'loop', cause: {} } } })
})

t.test('what is thrown and no error is not written', async (t) => {
  const { log, lines } = createLines()
  log.error({ err: { token: 'opaque-secret' }, error: 'opaque-secret' }, 'failed')
  t.notMatch(lines.join(''), /opaque-secret/)
})

t.test('of requests and answers only method and status are written', async (t) => {
  const { log, parse } = createLines()
  const req = { method: 'GET', url: '/x?token=opaque', headers: { authorization: 'Bearer opaque' } }
  log.info({ req, res: { statusCode: 200, headers: { a: 'opaque' } } })
  t.match(parse(), { req: { method: 'GET' }, res: { statusCode: 200 } })
  t.notMatch(JSON.stringify(parse()), /opaque/)
})

t.test('whatever looks like a token is masked, wherever it stands', async (t) => {
  const { log, lines } = createLines()
  log.info({ nested: { header: `Bearer ${TOKEN}` } }, `got ${TOKEN}`)
  log.error(new Error(`bad token ${TOKEN.split('.').slice(0, 2).join('.')}`))
  t.notMatch(lines.join(''), /eyJ/)
  t.equal(lines.join('').match(/\[token\]/g)?.length, 4)
})

t.test('an error cannot break or flood the log', async (t) => {
  const { log, lines } = createLines()
  log.error(new Error(`a\nb\u001b[2J${'x'.repeat(100_000)}`), 'failed')
  t.equal(lines.length, 1)
  t.ok((lines[0] ?? '').length < 1000)
  t.notMatch((lines[0] ?? '').trimEnd(), /\n|\\n|\\u001b/)
})

const FLOOD = `
import { createLogger } from ${JSON.stringify(new URL('../../../src/observability/logger.ts', import.meta.url).href)}
const log = createLogger({ level: 'info' })
for (let i = 0; i < 512; i += 1) log.info({ i, text: 'x'.repeat(65_000) })
process.stderr.write('logged')
`

t.test(
  'where nobody reads standard output, lines beyond 8 Mi characters are dropped',
  async (t) => {
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', FLOOD], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.teardown(() => child.kill())
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    while (!said.includes('logged')) await once(child.stderr, 'data')
    let text = ''
    for await (const chunk of child.stdout) text += String(chunk)
    const lines = text.trimEnd().split('\n')
    t.match(JSON.parse(lines[0] ?? ''), { i: 0 }, 'the first lines are kept')
    t.ok(
      lines.every((line) => line.endsWith('}')),
      'each is whole',
    )
    t.ok(text.length > 7_000_000, `${text.length} characters are not too few`)
    t.ok(text.length < 10_000_000, `${text.length} characters are not too many`)
  },
)
