import { Readable } from 'node:stream'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { Agent } from 'undici'
import { createRelay } from '../../../src/relay/relay.ts'
import { readRequestHead } from '../../../src/relay/request-head.ts'
import { createController } from '../step-up/attempt.ts'
import { createStage } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

interface Sent {
  readonly body: unknown
  readonly handler: Dispatcher.DispatchHandler
}

/** One request through the relay to an upstream that the test plays. */
async function createPost(
  t: Scope,
  request: string,
  deadlines: { readonly gatherDeadlineMs?: number; readonly uploadSilenceMs?: number },
) {
  const stage = await createStage(t, `POST / HTTP/1.1\r\nHost: h\r\n${request}`)
  const agent = new Agent()
  t.teardown(() => agent.destroy())
  const controller = createController()
  const sent: Sent[] = []
  let noteSent = (_sent: Sent): void => {}
  const dispatched = new Promise<Sent>((resolve) => {
    noteSent = resolve
  })
  const relay = createRelay({
    dispatcher: agent.compose(() => ({ body }, handler) => {
      handler.onRequestStart?.(controller, {})
      sent.push({ body, handler })
      noteSent({ body, handler })
      return true
    }),
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
    ...deadlines,
  })
  const head = readRequestHead(stage.req.rawHeaders)
  relay.relay({ req: stage.req, target: '/', head, path: '/' }, stage.res)
  return { ...stage, controller, sent, dispatched }
}

/** Much longer than the deadlines of these tests. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100))
}

t.test('a small body that does not end in time is 408, and its connection closes', async (t) => {
  const post = await createPost(t, 'Content-Length: 5\r\n\r\nab', { gatherDeadlineMs: 20 })
  const text = await post.received
  t.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*connection: close\r\n/i)
  t.match(text, /"code":"request_timeout"/)
  t.equal(post.sent.length, 0, 'nothing was asked of the upstream')
})

t.test('a small body that is here has no deadline: its answer may take longer', async (t) => {
  const request = 'Connection: close\r\nContent-Length: 5\r\n\r\nabcde'
  const post = await createPost(t, request, { gatherDeadlineMs: 20 })
  const { body, handler } = await post.dispatched
  t.equal(String(body), 'abcde')
  await aWhile()
  t.equal(post.res.headersSent, false)
  handler.onResponseStart?.(post.controller, 200, {}, 'OK')
  handler.onResponseEnd?.(post.controller, {})
  t.match(await post.received, /^HTTP\/1\.1 200 OK\r\n/)
})

const CHUNKED = 'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'

t.test(
  'an upload that is silent is 408, and the request to the upstream is given up',
  async (t) => {
    const post = await createPost(t, CHUNKED, { uploadSilenceMs: 20 })
    const { body } = await post.dispatched
    if (body instanceof Readable) body.on('error', () => {}).resume()
    const text = await post.received
    t.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"code":"request_timeout"/)
    t.equal(post.controller.aborted, true)
  },
)

t.test('an upload may be silent once its answer has begun', async (t) => {
  const post = await createPost(t, CHUNKED, { uploadSilenceMs: 20 })
  const { body, handler } = await post.dispatched
  if (body instanceof Readable) body.resume()
  handler.onResponseStart?.(post.controller, 200, {}, 'OK')
  handler.onResponseData?.(post.controller, Buffer.from('first,'))
  await post.until('first,')
  await aWhile()
  t.equal(post.controller.aborted, false)
  post.caller.write('0\r\n\r\n')
  handler.onResponseData?.(post.controller, Buffer.from('last'))
  handler.onResponseEnd?.(post.controller, {})
  const text = await post.received
  t.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*first,[\s\S]*last/)
  t.equal(text.split('HTTP/1.1 ').length, 2)
})
