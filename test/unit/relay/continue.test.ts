import { Readable } from 'node:stream'
import t from 'tap'
import { Agent } from 'undici'
import { createRelay } from '../../../src/relay/relay.ts'
import { readRequestHead } from '../../../src/relay/request-head.ts'
import { createController } from '../step-up/attempt.ts'
import { createStage } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

/** A request through the relay to an upstream that answers with what it was sent; what the caller receives. */
async function exchange(t: Scope, version: string): Promise<string> {
  const stage = await createStage(
    t,
    `POST / HTTP/${version}\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`,
  )
  const agent = new Agent()
  t.teardown(() => agent.destroy())
  const echo = agent.compose(() => ({ body }, handler) => {
    void answer(body instanceof Readable ? body : Readable.from([body]), handler)
    return true
  })
  async function answer(body: Readable, handler: Parameters<Agent['dispatch']>[1]): Promise<void> {
    let text = ''
    for await (const chunk of body) text += String(chunk)
    const controller = createController()
    handler.onResponseStart?.(controller, 200, {}, 'OK')
    handler.onResponseData?.(controller, Buffer.from(text))
    handler.onResponseEnd?.(controller, {})
  }
  const relay = createRelay({
    dispatcher: echo,
    upstream: new URL('http://upstream.test'),
    pseudonym: 'us',
    readSubjectToken: () => undefined,
    isTrustedPeer: () => false,
    hasOutcomeHeader: true,
    gatherTotalBytes: 1 << 20,
    gatherDeadlineMs: 60_000,
    uploadSilenceMs: 60_000,
    onSettled: () => {},
    now: () => 0,
    epochNow: Date.now,
  })
  const head = readRequestHead(stage.req.rawHeaders)
  relay.relay({ req: stage.req, target: '/', head, path: '/' }, stage.res)
  if (version === '1.1') await stage.until('100 Continue')
  stage.caller.write('ab')
  return stage.received
}

t.test('a body that is expected is asked for once the upstream wants it', async (t) => {
  const text = await exchange(t, '1.1')
  t.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.match(text, /ab\r\n0\r\n\r\n$|ab$/)
})

t.test('a caller of HTTP/1.0 is not asked to continue (RFC 9110 §10.1.1)', async (t) => {
  const text = await exchange(t, '1.0')
  t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(text, /ab$/)
})
