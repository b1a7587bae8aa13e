import t from 'tap'
import { Agent } from 'undici'
import { createRelay } from '../../../src/relay/relay.ts'
import { readRequestHead } from '../../../src/relay/request-head.ts'
import { createStage } from './stage.ts'

t.test('a small body that does not end in time is 408, and its connection closes', async (t) => {
  const stage = await createStage(t, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab')
  const agent = new Agent()
  t.teardown(() => agent.destroy())
  let sent = 0
  const relay = createRelay({
    dispatcher: agent.compose(() => () => {
      sent += 1
      return true
    }),
    upstream: new URL('http://upstream.test'),
    pseudonym: 'us',
    readSubjectToken: () => undefined,
    isTrustedPeer: () => false,
    hasOutcomeHeader: true,
    gatherTotalBytes: 1 << 20,
    gatherDeadlineMs: 20,
    uploadSilenceMs: 60_000,
    onSettled: () => {},
    now: () => 0,
    epochNow: Date.now,
  })
  const head = readRequestHead(stage.req.rawHeaders)
  relay.relay({ req: stage.req, target: '/', head, path: '/' }, stage.res)
  const text = await stage.received
  t.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*connection: close\r\n/i)
  t.match(text, /"code":"request_timeout"/)
  t.equal(sent, 0, 'nothing was asked of the upstream')
})
