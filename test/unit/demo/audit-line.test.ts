import t from 'tap'
import { describeAudit, parseLogLine } from '../../../demo/audit-line.ts'

t.test('an audit line is read, and told in words', async (t) => {
  const line = parseLogLine(
    '{"level":"info","outcome":"stepped-up","scopesNeeded":["a"],"scopesGranted":["a","b"],"exchangeMs":8.04,"totalMs":12.4,"msg":"audit"}',
  )
  t.equal(line.kind, 'audit')
  t.equal(
    line.kind === 'audit' && describeAudit(line.audit),
    'stepped-up · needed: a · granted: a b · exchange 8.0 ms · total 12 ms',
  )
  const bare = parseLogLine('{"outcome":"no-hint"}')
  t.equal(
    bare.kind === 'audit' && describeAudit(bare.audit),
    'no-hint · needed: nothing · granted: nothing',
  )
})

t.test(
  'the line that says where Scopelift listens is read, all others are passed over',
  async (t) => {
    const listening = { msg: 'scopelift listening', url: 'http://a', adminUrl: 'http://b' }
    t.match(parseLogLine(JSON.stringify(listening)), { kind: 'listening', adminUrl: 'http://b' })
    for (const line of ['', 'not json', '[]', 'null', '{"msg":"scopelift listening"}']) {
      t.same(parseLogLine(line), { kind: 'other' })
    }
  },
)
