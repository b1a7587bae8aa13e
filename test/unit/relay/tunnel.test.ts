import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { duplexPair } from 'node:stream'
import { mock } from 'node:test'
import t from 'tap'
import type { Settlement } from '../../../src/call.ts'
import { Call } from '../../../src/call.ts'
import { watchHandshake } from '../../../src/relay/handshake-watch.ts'
import { TunnelRelay } from '../../../src/relay/tunnel.ts'
import { createController } from '../step-up/attempt.ts'
import { issuedToken } from '../step-up/fake-tokens.ts'
import { createStage } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

/** A handshake whose two connections are in memory: `caller` and `upstream` are the far ends. */
async function createHandshake(t: Scope, now: () => number = () => Date.now()) {
  const { res } = await createStage(t)
  const [caller, socket] = duplexPair()
  const [upstream, upstreamSocket] = duplexPair()
  const published: Settlement[] = []
  const tunnels = { opened: 0, closed: 0 }
  const call = new Call({
    requestId: 'r',
    method: 'GET',
    path: '/',
    subject: undefined,
    startedAt: 0,
    onSettled: (_call, settlement) => published.push(settlement),
  })
  const relay = new TunnelRelay({
    call,
    res,
    socket,
    watch: watchHandshake(socket, () => {}),
    via: '1.1 us',
    hasOutcomeHeader: true,
    isDraining: () => false,
    now,
    onOpened: () => {
      tunnels.opened += 1
    },
    onClosed: () => {
      tunnels.closed += 1
    },
  })
  function accept(...lines: readonly string[]): void {
    const controller = createController()
    controller.rawHeaders = ['Upgrade', 'websocket', ...lines]
    call.settle({ outcome: 'preempted' })
    relay.onRequestUpgrade(controller, 101, {}, upstreamSocket)
  }
  for (const side of [caller, upstream]) side.on('error', () => {})
  return { res, call, caller, socket, upstream, upstreamSocket, published, tunnels, accept }
}

async function readText(side: Duplex): Promise<string> {
  await once(side, 'readable')
  return String(side.read())
}

t.test('a handshake is answered with the lines of the upstream, and ours', async (t) => {
  const { caller, accept, published, tunnels } = await createHandshake(t)
  accept('Connection', 'Upgrade', 'Sec-WebSocket-Accept', 'abc=')
  t.equal(
    await readText(caller),
    [
      ...['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket'],
      ...['Sec-WebSocket-Accept: abc=', 'via: 1.1 us', 'scopelift-outcome: preempted', '', ''],
    ].join('\r\n'),
  )
  t.same(published, [{ outcome: 'preempted' }])
  t.same(tunnels, { opened: 1, closed: 0 })
})

t.test('bytes go both ways', async (t) => {
  const { caller, upstream, accept } = await createHandshake(t)
  accept()
  await readText(caller)
  caller.write('ping')
  t.equal(await readText(upstream), 'ping')
  upstream.write('pong')
  t.equal(await readText(caller), 'pong')
})

t.test('when either side is gone, so is the other', async (t) => {
  for (const leaving of ['socket', 'upstreamSocket'] as const) {
    for (const error of [undefined, new Error('reset')]) {
      const handshake = await createHandshake(t)
      handshake.accept()
      handshake[leaving].destroy(error)
      await new Promise((resolve) => setImmediate(resolve))
      t.equal(handshake.socket.destroyed, true)
      t.equal(handshake.upstreamSocket.destroyed, true)
      t.same(handshake.tunnels, { opened: 1, closed: 1 })
    }
  }
})

t.test('a 101 whose framing is ambiguous opens nothing', async (t) => {
  const { accept, tunnels } = await createHandshake(t)
  t.throws(() => accept('Transfer-Encoding', 'gzip, chunked'), { name: 'BadAnswerError' })
  t.same(tunnels, { opened: 0, closed: 0 })
})

t.test('a tunnel ends with its issued token, and not before', async (t) => {
  const handshake = await createHandshake(t)
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
  t.teardown(() => mock.timers.reset())
  handshake.call.issued = { ...issuedToken('wide'), expiresAt: 1_005 }
  handshake.accept()
  mock.timers.tick(4_999)
  t.equal(handshake.socket.destroyed, false)
  mock.timers.tick(1)
  t.equal(handshake.socket.destroyed, true)
  t.equal(handshake.upstreamSocket.destroyed, true)
})

t.test('a token that outlives any timer is looked at again', async (t) => {
  const handshake = await createHandshake(t)
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  t.teardown(() => mock.timers.reset())
  handshake.call.issued = { ...issuedToken('wide'), expiresAt: 3_000_000 }
  handshake.accept()
  mock.timers.tick(2_147_483_647)
  t.equal(handshake.socket.destroyed, false)
  mock.timers.tick(3_000_000_000 - 2_147_483_647)
  t.equal(handshake.socket.destroyed, true)
})

t.test(
  'a token of 30 days does not keep the timer busy, and Node does not warn of it',
  async (t) => {
    let looks = 0
    const handshake = await createHandshake(t, () => {
      looks += 1
      return 0
    })
    const warnings: string[] = []
    const onWarning = ({ name }: Error) => void warnings.push(name)
    process.on('warning', onWarning)
    t.teardown(() => process.off('warning', onWarning))
    handshake.call.issued = { ...issuedToken('wide'), expiresAt: 30 * 86_400 }
    handshake.accept()
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.equal(looks, 1)
    t.same(warnings, [])
    t.equal(handshake.socket.destroyed, false)
    handshake.socket.destroy()
  },
)

t.test('a token that has expired opens no tunnel', async (t) => {
  const handshake = await createHandshake(t)
  handshake.call.issued = { ...issuedToken('wide'), expiresAt: 1 }
  handshake.accept()
  t.equal(handshake.socket.destroyed, true)
})

t.test('a 101 for another protocol opens nothing', async (t) => {
  const { accept, tunnels } = await createHandshake(t)
  t.throws(() => accept('Upgrade', 'foo'), { name: 'BadAnswerError' })
  t.same(tunnels, { opened: 0, closed: 0 })
})

t.test('the own token does not end a tunnel', async (t) => {
  const handshake = await createHandshake(t)
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  t.teardown(() => mock.timers.reset())
  handshake.accept()
  mock.timers.tick(2_000_000_000)
  t.equal(handshake.socket.destroyed, false)
})

t.test('a caller that has left has no tunnel', async (t) => {
  const { res, accept } = await createHandshake(t)
  if (res.socket !== null) res.detachSocket(res.socket)
  t.throws(() => accept(), { message: 'the caller left during the handshake' })
})
