// What a request costs, in counts: they are the same on every machine, and times are not.
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const POLICY = new URL('cost-policy.yaml', import.meta.url).pathname
/** Node's for a kept connection, and undici's for the head of an answer. */
const TIMERS_BELOW = 2
const WARM_UP = 20
const REQUESTS = 100
const ROUNDS = 5
const IN_ALL = WARM_UP + ROUNDS * REQUESTS

/** An upstream that answers at the end of each request; it makes no promise and no timer, so that what is counted is not its own. */
async function startPlainUpstream(t: Test) {
  const counts = { requests: 0 }
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!/\r\n\r\n$|Z$/.test(text)) return
      text = ''
      counts.requests += 1
      socket.write(ANSWER)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, counts }
}

/** Sends the same request again and again on one connection, each when the one before is answered. */
function sendAgainAndAgain(t: Test, url: string, request: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  return (times: number) =>
    new Promise<void>((resolve) => {
      let left = times
      socket.removeAllListeners('data')
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').endsWith('ok')) return
        left -= 1
        if (left === 0) resolve()
        else socket.write(request)
      })
      socket.write(request)
    })
}

/**
 * How many asynchronous resources of a kind are made for each request: the least of a few rounds, rounded, since what the
 * process does in the background meanwhile is no request's.
 */
async function countResources(send: (times: number) => Promise<void>): Promise<Counts> {
  await send(WARM_UP)
  const rounds: Counts[] = []
  while (rounds.length < ROUNDS) rounds.push(await countOnce(send))
  const least = (kind: keyof Counts) => Math.min(...rounds.map((round) => round[kind]))
  return { promises: least('promises'), timers: least('timers') }
}

interface Counts {
  readonly promises: number
  readonly timers: number
}

async function countOnce(send: (times: number) => Promise<void>): Promise<Counts> {
  const made = new Map<string, number>()
  const hook = createHook({
    init: (_id, type) => void made.set(type, (made.get(type) ?? 0) + 1),
  })
  hook.enable()
  await send(REQUESTS)
  hook.disable()
  const forEach = (type: string) => Math.round((made.get(type) ?? 0) / REQUESTS)
  return { promises: forEach('PROMISE'), timers: forEach('Timeout') }
}

async function build(t: Test) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startPlainUpstream(t)
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { POLICY_FILE: POLICY, EXCHANGES_PER_MINUTE: '0' },
  })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  return { authorizationServer, upstream, scopelift, token }
}

const head = (method: string, target: string, token: string) =>
  `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`

t.test(
  'an ordinary GET makes no promise and no timer of ours, and one request upstream',
  async (t) => {
    const { upstream, scopelift, token } = await build(t)
    const send = sendAgainAndAgain(t, scopelift.url, `${head('GET', '/free', token)}\r\n`)
    const made = await countResources(send)
    t.equal(made.promises, 0, 'promises')
    t.ok(made.timers <= TIMERS_BELOW, `${made.timers} timers`)
    t.equal(upstream.counts.requests, IN_ALL)
    t.equal(scopelift.audit.length, 0, 'and is not logged')
  },
)

t.test('an ordinary POST makes no promise, and the one timer of its body', async (t) => {
  const { upstream, scopelift, token } = await build(t)
  const request = `${head('POST', '/free', token)}Content-Length: 4\r\n\r\nabcZ`
  const made = await countResources(sendAgainAndAgain(t, scopelift.url, request))
  t.equal(made.promises, 0, 'promises')
  t.ok(made.timers <= TIMERS_BELOW + 1, `${made.timers} timers`)
  t.equal(upstream.counts.requests, IN_ALL)
})

t.test('a warm stepped-up call makes no more: one request upstream, no exchange', async (t) => {
  const { authorizationServer, upstream, scopelift, token } = await build(t)
  const send = sendAgainAndAgain(t, scopelift.url, `${head('GET', '/known', token)}\r\n`)
  const made = await countResources(send)
  t.equal(made.promises, 0, 'promises')
  t.ok(made.timers <= TIMERS_BELOW, `${made.timers} timers`)
  t.equal(upstream.counts.requests, IN_ALL)
  t.equal(authorizationServer.exchanges, 1)
  t.equal(scopelift.audit.length, IN_ALL, 'one audit line each')
})
