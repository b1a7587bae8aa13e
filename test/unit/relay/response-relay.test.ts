import { once } from 'node:events'
import t from 'tap'
import type { Settlement } from '../../../src/call.ts'
import { Call } from '../../../src/call.ts'
import { ResponseRelay } from '../../../src/relay/response-relay.ts'
import { createController } from '../step-up/attempt.ts'
import { issuedToken } from '../step-up/fake-tokens.ts'
import type { Stage } from './stage.ts'
import { createStage, PLAIN_REQUEST } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

interface Draft {
  readonly request?: string
  readonly hasOutcomeHeader?: boolean
  readonly isDraining?: boolean
}

async function createRelayed(t: Scope, draft: Draft = {}) {
  const stage: Stage = await createStage(t, draft.request ?? PLAIN_REQUEST)
  const published: Settlement[] = []
  const call = new Call({
    requestId: 'r',
    method: 'GET',
    path: '/',
    subject: undefined,
    startedAt: 0,
    onSettled: (_call, settlement) => published.push(settlement),
  })
  const relay = new ResponseRelay({
    call,
    res: stage.res,
    via: '1.1 us',
    hasOutcomeHeader: draft.hasOutcomeHeader ?? true,
    isDraining: () => draft.isDraining ?? false,
  })
  const controller = createController()
  relay.onRequestStart(controller)
  function head(status: number, lines: readonly string[] = [], message?: string): void {
    controller.rawHeaders = [...lines]
    relay.onResponseStart(controller, status, {}, message)
  }
  return { ...stage, call, published, relay, controller, head }
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

t.test('an answer reaches the caller as it came, with our lines behind', async (t) => {
  const { call, relay, controller, head, received, published } = await createRelayed(t)
  call.settle({ outcome: 'forwarded' })
  head(418, ['X-A', '\u00e9', 'Date', 'never', 'Content-Length', '4'], 'Teapot')
  t.same(published, [{ outcome: 'forwarded' }])
  relay.onResponseData(controller, Buffer.from('ab'))
  relay.onResponseData(controller, Buffer.from('cd'))
  relay.onResponseEnd()
  t.equal(
    await received,
    [
      'HTTP/1.1 418 Teapot',
      ...['X-A: \u00e9', 'Date: never', 'Content-Length: 4', 'via: 1.1 us'],
      ...['scopelift-outcome: forwarded', 'Connection: close', '', 'abcd'],
    ].join('\r\n'),
  )
  t.equal(call.isAbandoned, false)
})

t.test('a head goes out before any chunk, if none is here', async (t) => {
  const { relay, head, until, received } = await createRelayed(t)
  head(200, ['content-type', 'text/event-stream'])
  t.match(await until('\r\n\r\n'), /^HTTP\/1\.1 200 \r\n/)
  relay.onResponseEnd()
  await received
})

t.test('an answer without a body ends with its head', async (t) => {
  const { relay, head, received } = await createRelayed(t)
  head(204)
  relay.onResponseEnd()
  t.match(await received, /^HTTP\/1\.1 204 \r\n.*\r\n\r\n$/s)
})

t.test('interim heads are written and nothing is settled by them', async (t) => {
  const { relay, head, received, published } = await createRelayed(t)
  head(102)
  t.same(published, [])
  head(200)
  relay.onResponseEnd()
  t.match(await received, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 /)
})

t.test('the outcome is written only where the operator wants it', async (t) => {
  const { call, relay, head, received } = await createRelayed(t, { hasOutcomeHeader: false })
  call.settle({ outcome: 'forwarded' })
  head(200, ['Scopelift-Outcome', 'spoofed'])
  relay.onResponseEnd()
  t.notOk(/scopelift-outcome/i.test(await received))
})

t.test('an answer to an issued token is private', async (t) => {
  const { call, relay, head, received } = await createRelayed(t)
  call.issued = issuedToken('wide')
  head(200, ['cache-control', 'public, max-age=5'])
  relay.onResponseEnd()
  t.match(await received, /\r\ncache-control: private, max-age=5\r\n/)
})

t.test('while draining the caller is told not to come back', async (t) => {
  const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
  const { relay, head, received } = await createRelayed(t, { request, isDraining: true })
  head(200, ['content-length', '0'])
  relay.onResponseEnd()
  t.match(await received, /\r\nconnection: close\r\n/)
})

t.test('a slow caller pauses the upstream, and resumes it', async (t) => {
  const { relay, controller, head, caller, res } = await createRelayed(t)
  caller.pause()
  head(200)
  const chunk = Buffer.alloc(1 << 20)
  while (!controller.paused) relay.onResponseData(controller, chunk)
  const drained = once(res, 'drain')
  caller.resume()
  await drained
  t.equal(controller.paused, false)
  relay.onResponseEnd()
})

const ERRORS: readonly (readonly [error: Error, status: number, code: string, reason: string])[] = [
  [codedError('ECONNREFUSED'), 502, 'upstream_unavailable', 'ECONNREFUSED'],
  [codedError('UND_ERR_CONNECT_TIMEOUT'), 504, 'upstream_timeout', 'UND_ERR_CONNECT_TIMEOUT'],
  [codedError('UND_ERR_HEADERS_TIMEOUT'), 504, 'upstream_timeout', 'UND_ERR_HEADERS_TIMEOUT'],
  [new TypeError('secret text'), 502, 'upstream_unavailable', 'TypeError'],
]
for (const [error, status, code, reason] of ERRORS) {
  t.test(`${reason} before the head is answered with ${status}`, async (t) => {
    const { call, relay, controller, received, published } = await createRelayed(t)
    call.settle({ outcome: 'stepped-up' })
    relay.onResponseError(controller, error)
    const text = await received
    t.ok(text.startsWith(`HTTP/1.1 ${status} `))
    t.ok(text.includes(`"code":"${code}"`))
    t.match(text, /\r\nvia: 1\.1 us\r\nscopelift-outcome: upstream-unavailable\r\n/)
    t.notOk(text.includes('secret text'))
    t.same(published, [{ outcome: 'upstream-unavailable', reason }])
  })
}

t.test('a refusal of our own says no outcome where the operator wants none', async (t) => {
  const { relay, received } = await createRelayed(t, { hasOutcomeHeader: false })
  relay.onResponseError(undefined, new Error('x'))
  t.notOk((await received).includes('scopelift-outcome'))
})

t.test('an answer that breaks off after its head is cut for the caller too', async (t) => {
  const { call, relay, controller, head, received, published } = await createRelayed(t)
  call.settle({ outcome: 'forwarded' })
  head(200, ['content-length', '10'])
  relay.onResponseData(controller, Buffer.from('abc'))
  relay.onResponseError(controller, new Error('reset'))
  const text = await received
  t.notOk(text.includes('HTTP/1.1 502'))
  t.same(published, [{ outcome: 'forwarded' }])
})

t.test('an answer whose framing is ambiguous is not begun', async (t) => {
  const { head, res } = await createRelayed(t)
  t.throws(() => head(200, ['transfer-encoding', 'gzip, chunked']), { code: 'ERR_BAD_ANSWER' })
  t.equal(res.headersSent, false)
})

t.test('a caller that leaves aborts the upstream, and hears of nothing any more', async (t) => {
  const { call, relay, controller, caller, res, published } = await createRelayed(t)
  const closed = once(res, 'close')
  caller.destroy()
  await closed
  t.equal(call.isAbandoned, true)
  t.equal(controller.aborted, true)
  t.match(controller.reason, { name: 'CallerLeftError' })
  relay.onResponseError(controller, new Error('aborted'))
  t.same(published, [])
})

t.test('a request that begins after its caller has left is aborted at once', async (t) => {
  const { caller, res, relay } = await createRelayed(t)
  const closed = once(res, 'close')
  caller.destroy()
  await closed
  const replay = createController()
  relay.onRequestStart(replay)
  t.equal(replay.aborted, true)
})
