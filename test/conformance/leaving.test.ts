import type { Socket } from 'node:net'
import t from 'tap'
import { connectRaw } from '../support/raw-http.ts'
import { build, CHALLENGE, gauge, isElevated, until } from './house.ts'
import type { StrictRequest } from './strict-request-reader.ts'
import { answerOf } from './strict-upstream.ts'

const DENIAL = answerOf('403 Forbidden', 'denied', [CHALLENGE])

/** Where a step-up stands when its caller leaves. */
const STAGES = [
  'before the denial',
  'in the denial',
  'in the exchange',
  'before the replay’s head',
  'in the replay’s body',
] as const
type Stage = (typeof STAGES)[number]

/** Writes as much of an answer as the stage wants. */
function answerUpTo(stage: Stage, request: StrictRequest, socket: Socket): void {
  if (stage === 'before the denial') return
  if (!isElevated(request)) {
    if (stage === 'in the denial') socket.write(DENIAL.subarray(0, DENIAL.length - 3))
    else socket.write(DENIAL)
    return
  }
  if (stage !== 'in the replay’s body') return
  const isHandshake = request.lines.some(([name]) => name.toLowerCase() === 'upgrade')
  if (isHandshake) {
    request.isSwitched = true
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\npart',
    )
  } else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\npart')
}

const KINDS: Record<string, (path: string, token: string) => string> = {
  GET: (path, token) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  'a gathered POST': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 4\r\n\r\nabcd`,
  'a streamed upload': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 100000\r\n\r\n${'a'.repeat(100_000)}`,
  'an unfinished upload': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${'a'.repeat(1000)}\r\n3e8\r\naaaa`,
  'a WebSocket handshake': (path, token) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
}

const LEAVES: Record<string, (socket: Socket) => void> = {
  closes: (socket) => void socket.destroy(),
  resets: (socket) => void socket.resetAndDestroy(),
  'half-closes': (socket) => void socket.end(),
}

for (const stage of STAGES) {
  t.test(`a caller that leaves ${stage} leaves nothing behind`, async (t) => {
    const connections = new Map<string, Socket[]>()
    const house = await build(t, {
      onHead(request, socket) {
        connections.set(request.target, [...(connections.get(request.target) ?? []), socket])
        answerUpTo(stage, request, socket)
      },
    })
    const { authorizationServer, scopelift } = house
    let count = 0
    for (const [kind, write] of Object.entries(KINDS)) {
      for (const [how, leave] of Object.entries(LEAVES)) {
        const name = `${kind}, ${how}`
        count += 1
        const path = `/${count}`
        if (stage === 'in the exchange') authorizationServer.faults.next({ kind: 'stall' })
        const exchanges = authorizationServer.exchanges
        const caller = await connectRaw(scopelift.url)
        caller.write(write(path, await house.alice()))
        const attempts = () => connections.get(path)?.length ?? 0
        if (stage === 'in the exchange') {
          await until(() => authorizationServer.exchanges > exchanges, `${name}: the exchange`)
        } else if (stage === 'in the replay’s body') await caller.until('part')
        else {
          const wanted = stage === 'before the replay’s head' ? 2 : 1
          await until(() => attempts() === wanted, `${name}: ${wanted} attempts`)
        }
        leave(caller.socket)
        if (stage !== 'in the exchange') {
          const last = connections.get(path)?.at(-1)
          await until(() => last?.destroyed === true, `${name}: the upstream’s work is aborted`)
        }
        await house.assertSound(name)
        caller.socket.destroy()
      }
    }
    if (stage === 'in the exchange') {
      await until(
        async () => (await gauge(scopelift, 'exchanges_total\\{result="abandoned"\\}')) === count,
        'every exchange was given up',
      )
      t.equal(scopelift.audit.length, 0, 'and nobody was told an outcome')
    }
    if (stage === 'before the replay’s head') {
      await until(async () => scopelift.audit.length >= count, 'the audit lines')
      const told = scopelift.audit.map(({ outcome, reason, verified, scopesGranted }) => [
        outcome,
        reason,
        verified,
        Array.isArray(scopesGranted) && scopesGranted.length > 0,
      ])
      const used = ['stepped-up', 'caller-left', true, true]
      t.same(told, Array(count).fill(used), 'each power that was used is told of, once')
    }
    t.notMatch(scopelift.output(), /"level":"(error|fatal)"/)
  })
}

t.test('a caller that leaves with several requests due leaves none of them behind', async (t) => {
  const open = new Map<string, Socket>()
  const house = await build(t, {
    onEnd(request, socket) {
      open.set(request.target, socket)
      if (request.target !== '/1') {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n${'a'.repeat(1_000_000)}`)
      }
    },
  })
  const caller = await connectRaw(house.scopelift.url)
  for (const target of ['/1', '/2', '/3']) caller.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await until(() => open.has('/1'), 'the first request')
  caller.socket.destroy()
  for (const [target, socket] of open) await until(() => socket.destroyed, `${target} is aborted`)
  await house.assertSound('afterwards')
})

t.test('an upstream that goes away at any stage ends that request alone', async (t) => {
  for (const stage of STAGES) {
    for (const how of ['end', 'resetAndDestroy'] as const) {
      if (stage === 'in the exchange') continue
      const house = await build(t, {
        onHead(request, socket) {
          answerUpTo(stage, request, socket)
          const isLast =
            stage === 'before the denial' || stage === 'in the denial' || isElevated(request)
          // After a turn, so that what was written is on its way before a reset.
          if (isLast) setTimeout(() => socket[how](), 20)
        },
      })
      let count = 0
      for (const [kind, write] of Object.entries(KINDS)) {
        const name = `${stage}, ${how}, ${kind}`
        count += 1
        const { write: send, until: sees, socket } = await connectRaw(house.scopelift.url)
        send(write(`/${count}`, await house.alice()))
        if (kind === 'an unfinished upload') await sees('HTTP/1.1').catch(() => {})
        else if (stage === 'in the replay’s body') await sees('part').catch(() => {})
        else await sees('\r\n\r\n').catch(() => {})
        socket.destroy()
        await house.assertSound(name)
      }
      t.notMatch(house.scopelift.output(), /"level":"(error|fatal)"/, `${stage}, ${how}`)
    }
  }
})
