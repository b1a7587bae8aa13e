import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { Handle } from '../support/upstream.ts'
import { readAll, requireScope, scopesOf, startUpstream } from '../support/upstream.ts'

const SCOPE = 'llama:agent_create'
const MIB = 1024 * 1024

/** How an upstream refuses: before it reads the body, after a part of it, or after all of it. */
const DENIALS: Record<string, Handle> = {
  'before the body': (req, res) => void requireScope(req, res, SCOPE),
  'before the body, and the connection closed': (req, res) => {
    res.shouldKeepAlive = false
    res.on('finish', () => setTimeout(() => req.socket.destroy(), 50))
    requireScope(req, res, SCOPE)
  },
  'after a part of the body': (req, res) => {
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MIB && !res.headersSent) requireScope(req, res, SCOPE)
    })
    req.on('end', () => {
      if (!res.headersSent) requireScope(req, res, SCOPE)
    })
  },
  'after the whole body': async (req, res, seen) => {
    await readAll(req, seen)
    requireScope(req, res, SCOPE)
  },
}

async function build(t: Test, deny: Handle, env: Record<string, string> = {}) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, async (req, res, seen) => {
    if (!scopesOf(req.headers.authorization).includes(SCOPE)) return deny(req, res, seen)
    await readAll(req, seen)
    res.end(seen.sha256)
  })
  const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer, env })
  return { authorizationServer, upstream, scopelift }
}

interface Sent {
  readonly status: number | undefined
  readonly outcome: string | undefined
  readonly text: string
}

/** Uploads through a bare client that keeps sending while an answer already arrives. */
function upload(
  url: string,
  token: string,
  body: Buffer,
  framing: 'chunked' | 'length',
  chunkBytes = 100_000,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const req = request(`${url}/v1/agents`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(framing === 'length' ? { 'content-length': body.length } : {}),
      },
    })
    req.on('error', reject)
    req.on('response', async (res) => {
      let text = ''
      for await (const chunk of res) text += String(chunk)
      resolve({
        status: res.statusCode,
        outcome: String(res.headers['scopelift-outcome']),
        text,
      })
    })
    Readable.from(pieces(body, chunkBytes)).pipe(req)
  })
}

function* pieces(body: Buffer, bytes: number): Generator<Buffer> {
  for (let i = 0; i < body.length; i += bytes) yield body.subarray(i, i + bytes)
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

const SIZES = [0, 1, 65_536, 65_537, MIB, 5 * MIB + 3, 16 * MIB]

for (const [when, deny] of Object.entries(DENIALS)) {
  t.test(`bodies denied ${when} arrive whole at the second attempt`, async (t) => {
    const { authorizationServer, scopelift } = await build(t, deny)
    for (const size of SIZES) {
      for (const framing of ['length', 'chunked'] as const) {
        const token = await authorizationServer.issueSubjectToken({
          user: 'alice',
          scope: 'openid',
        })
        const body = randomBytes(size)
        const sent = await upload(scopelift.url, token, body, framing)
        t.match(
          sent,
          { status: 200, outcome: 'stepped-up', text: sha256(body) },
          `${size} ${framing}`,
        )
      }
    }
  })
}

t.test(
  '60 MB that are denied early are replayed from the record, and the rest goes on as it arrives',
  async (t) => {
    for (const when of ['before the body', 'after a part of the body']) {
      const { authorizationServer, scopelift } = await build(t, DENIALS[when] ?? (() => {}))
      for (const framing of ['length', 'chunked'] as const) {
        const token = await authorizationServer.issueSubjectToken({
          user: 'alice',
          scope: 'openid',
        })
        const body = randomBytes(60_000_000)
        const sent = await upload(scopelift.url, token, body, framing)
        t.match(
          sent,
          { status: 200, outcome: 'stepped-up', text: sha256(body) },
          `${when}, ${framing}`,
        )
      }
    }
  },
)

t.test(
  '60 and 200 MB that are denied after they were read: the denial, then granted at once',
  async (t) => {
    const { authorizationServer, scopelift } = await build(
      t,
      DENIALS['after the whole body'] ?? (() => {}),
    )
    for (const size of [60_000_000, 200_000_000]) {
      const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
      const body = randomBytes(size)
      const denied = await upload(scopelift.url, token, body, 'length')
      t.match(denied, { status: 403, outcome: 'body-not-replayable', text: 'denied\n' })
      const granted = await upload(scopelift.url, token, body, 'chunked')
      t.match(granted, { status: 200, outcome: 'preempted', text: sha256(body) })
    }
    const metrics = await (await fetch(`${scopelift.adminUrl}/metrics`)).text()
    t.match(metrics, /\nscopelift_replay_bytes 0\n/)
  },
)

t.test('the memory for replays is shared: one caller gets at most a quarter of it', async (t) => {
  const { authorizationServer, scopelift } = await build(
    t,
    DENIALS['after the whole body'] ?? (() => {}),
    {
      REPLAY_MAX_BYTES: String(2 * MIB),
      REPLAY_TOTAL_BYTES: String(8 * MIB),
    },
  )
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const body = randomBytes(2 * MIB)
  const alone = await upload(scopelift.url, token, body, 'length')
  t.equal(alone.outcome, 'stepped-up')
  const other = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const large = await upload(scopelift.url, other, randomBytes(2 * MIB + 1), 'length')
  t.equal(large.outcome, 'body-not-replayable')
})

t.test('a caller that leaves in the middle of its upload leaves nothing behind', async (t) => {
  const { authorizationServer, scopelift, upstream } = await build(
    t,
    DENIALS['after the whole body'] ?? (() => {}),
  )
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const req = request(`${scopelift.url}/v1/agents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  })
  req.on('error', () => {})
  req.write(randomBytes(MIB))
  while (upstream.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  req.destroy()
  let metrics = ''
  do {
    metrics = await (await fetch(`${scopelift.adminUrl}/metrics`)).text()
  } while (!/\nscopelift_replay_bytes 0\n/.test(metrics))
  t.pass('the memory is free again')
})
