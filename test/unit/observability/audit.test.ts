import t from 'tap'
import type { AuditEntry } from '../../../src/observability/audit.ts'
import { createAudit } from '../../../src/observability/audit.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import type { Outcome } from '../../../src/observability/outcome.ts'
import { OUTCOMES } from '../../../src/observability/outcome.ts'

const ENTRY: AuditEntry = {
  outcome: 'stepped-up',
  sub: 'alice',
  isVerified: () => true,
  method: 'POST',
  route: '/v1/chat/completions',
  scopesHeld: new Set(['openid']),
  scopesNeeded: ['llama:inference'],
  exchangeMs: 12.34567,
  addedMs: 20,
  totalMs: 100.5,
  requestId: 'r-1',
  issued: { scopes: ['llama:inference', 'openid'], jti: 'ntrtte:1', sid: 's-1' },
}

function start() {
  const lines: string[] = []
  const counted: Outcome[] = []
  const added: number[] = []
  const audit = createAudit({
    log: createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    metrics: {
      countRequest: (outcome) => void counted.push(outcome),
      observeAdded: (ms) => void added.push(ms),
    },
  })
  const parse = (): unknown => JSON.parse(lines.at(-1) ?? '')
  return { audit, lines, counted, added, parse }
}

t.test('a step-up is one line with all its facts', async (t) => {
  const { audit, lines, parse } = start()
  audit(ENTRY)
  t.equal(lines.length, 1)
  const { time, ...fields } = Object(parse())
  t.type(time, 'string')
  t.same(fields, {
    level: 'info',
    outcome: 'stepped-up',
    sub: 'alice',
    verified: true,
    method: 'POST',
    route: '/v1/chat/completions',
    scopesHeld: ['openid'],
    scopesNeeded: ['llama:inference'],
    scopesGranted: ['llama:inference', 'openid'],
    exchangeMs: 12.346,
    addedMs: 20,
    totalMs: 100.5,
    requestId: 'r-1',
    jti: 'ntrtte:1',
    sid: 's-1',
    msg: 'audit',
  })
})

t.test(
  'lines of one issued token differ in what the requests were, and only in that',
  async (t) => {
    const { audit, lines } = start()
    audit(ENTRY)
    audit({
      ...ENTRY,
      outcome: 'preempted',
      route: '/v1/other',
      scopesNeeded: ['a'],
      requestId: 'r-2',
    })
    const other = {
      ...ENTRY,
      sub: 'bob',
      scopesHeld: [],
      issued: { scopes: ['b'], jti: 'j', sid: 's' },
    }
    audit(other)
    audit({ ...ENTRY, outcome: 'no-hint', sub: 'carol', issued: undefined })
    const told = lines.map((line) => {
      const { sub, route, scopesHeld, scopesNeeded, scopesGranted, jti, requestId } =
        JSON.parse(line)
      return [sub, route, scopesHeld, scopesNeeded, scopesGranted, jti, requestId]
    })
    const [granted, needed, held] = [['llama:inference', 'openid'], ['llama:inference'], ['openid']]
    t.same(told, [
      ['alice', '/v1/chat/completions', held, needed, granted, 'ntrtte:1', 'r-1'],
      ['alice', '/v1/other', held, ['a'], granted, 'ntrtte:1', 'r-2'],
      ['bob', '/v1/chat/completions', [], needed, ['b'], 'j', 'r-1'],
      ['carol', '/v1/chat/completions', held, needed, [], undefined, 'r-1'],
    ])
  },
)

t.test('every outcome but forwarded is a line, and every one is counted', async (t) => {
  const { audit, lines, counted } = start()
  for (const outcome of OUTCOMES) audit({ ...ENTRY, outcome })
  t.equal(lines.length, OUTCOMES.length - 1)
  t.same(counted, [...OUTCOMES])
  t.notMatch(lines.join(''), /"forwarded"/)
})

t.test('the added time is observed where it is known', async (t) => {
  const { audit, added } = start()
  audit(ENTRY)
  audit({ ...ENTRY, outcome: 'forwarded', addedMs: undefined })
  t.same(added, [20])
})

t.test('fields that are not of an entry never reach the log', async (t) => {
  const { audit, lines } = start()
  const entry = { ...ENTRY, authorization: 'Bearer opaque-secret', body: 'private' }
  audit(entry)
  t.notMatch(lines.join(''), /opaque-secret|private|authorization/)
})

t.test('a query string is cut off, should one come in', async (t) => {
  const { audit, parse } = start()
  audit({ ...ENTRY, route: '/v1/models?api_key=opaque' })
  t.match(parse(), { route: '/v1/models' })
  t.notMatch(JSON.stringify(parse()), /opaque/)
})

t.test('hostile values are bounded and stay on one line', async (t) => {
  const { audit, lines } = start()
  const hostile = `x\n{"outcome":"forged"}\u001b[31m${'y'.repeat(100_000)}`
  audit({
    ...ENTRY,
    reason: hostile,
    sub: hostile,
    method: hostile,
    route: hostile,
    scopesHeld: Array.from({ length: 100_000 }, (_, index) => `s${index}`),
    scopesNeeded: [hostile],
    requestId: hostile,
    issued: { scopes: [hostile], jti: hostile, sid: hostile },
  })
  const [line = ''] = lines
  t.equal(lines.length, 1)
  t.equal(line.trimEnd().split('\n').length, 1)
  t.ok(line.length < 5000, `${line.length} characters`)
  t.notMatch(line, /\\n|\\u001b/)
})
