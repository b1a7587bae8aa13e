import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Handle } from '../../support/upstream.ts'
import { readAll, scopesOf } from '../../support/upstream.ts'
import type { Answer } from '../answer.ts'
import { fieldsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import type { House } from '../lab.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { headOf, openWire } from '../wire.ts'

const MIB = 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'u')
/** What a system's socket buffers may swallow on three hops before a writer feels it. */
const SLACK_BYTES = 24 * MIB
const LARGE_RECORDS = { REPLAY_MAX_BYTES: '64MiB', REPLAY_TOTAL_BYTES: '256MiB' }

export const earlyDenial: Line = {
  id: 'H7',
  topic: 'early denial',
  rule: 'a 401 or 403 before the upload ends stops it; the replay goes out only if all of the body is had or can still be read',
  checks: [
    withUpstream(
      'an upload of 60 MB that is denied after 1 MB gets the denial',
      async ({ url, upstream }) => {
        const stand = upstream.serve((req, res) => {
          let bytes = 0
          req.on('data', (chunk) => {
            bytes += chunk.length
            if (bytes < MIB || res.headersSent) return
            res.writeHead(403, { 'content-length': '6', connection: 'close', 'x-kit': '1' })
            res.end('denied')
          })
        })
        const { answer } = await upload(url, stand.path, 60 * MIB)
        expectStatus(answer, 403)
        expectEqual([fieldsOf(answer, 'x-kit'), answer.body], [['1'], 'denied'], 'the denial')
      },
    ),
    ...['keep-alive', 'close'].map((connection) =>
      withUpstream(
        `a caller that sends all before it reads gets it too (${connection})`,
        async ({ url, upstream }) => {
          const stand = upstream.serve((_req, res) => {
            res.writeHead(403, { 'content-length': '6', 'x-kit': '1' }).end('denied')
          })
          const wire = await openWire(url)
          wire.socket.pause()
          const lines = [`Connection: ${connection}`, `Content-Length: ${8 * MIB}`]
          wire.write(headOf(url, { method: 'POST', target: stand.path, lines }))
          for (let sent = 0; sent < 8 * MIB; sent += CHUNK.length) {
            await new Promise((resolve) => wire.socket.write(CHUNK, resolve))
          }
          wire.socket.resume()
          const answer = await wire.answer('POST')
          wire.socket.destroy()
          expectEqual([answer.status, answer.body], [403, 'denied'], 'answer')
        },
      ),
    ),
    inLab(
      'the upload waits while the exchange runs, then the replay sends it whole',
      async (lab) => {
        const house = await buildHouse(lab, denyAfterOneMiB, { env: { REPLAY_MAX_BYTES: '16MiB' } })
        const total = 12 * MIB
        const { answer, sha256 } = await upload(
          house.url,
          house.stand.path,
          total,
          await tokenOf(lab),
        )
        expectEqual(outcomeOf(answer), 'stepped-up', 'outcome')
        const replay = house.stand.requests[1]
        expectEqual(
          [replay?.bytes, replay?.sha256],
          [total, sha256],
          'octets and sha256 of the replay',
        )
      },
    ),
    inLab('the record is too small: the denial as it came, and no exchange', async (lab) => {
      const house = await buildHouse(lab, denyAfterOneMiB, { env: { REPLAY_MAX_BYTES: '512KiB' } })
      const { answer } = await upload(house.url, house.stand.path, 8 * MIB, await tokenOf(lab))
      expectEqual([answer.status, outcomeOf(answer)], [403, 'body-not-replayable'], 'answer')
      expectEqual([house.exchanges(), house.stand.requests.length], [0, 1], 'exchanges and sends')
    }),
    inLab('what the caller uploads while Keycloak thinks does not pile up', async (lab) => {
      const house = await buildHouse(lab, denyAfterOneMiB, {
        env: LARGE_RECORDS,
      })
      house.realm.faults.next({ kind: 'delay', ms: 600 })
      const sentBefore = await bytesTakenDuring(house, await tokenOf(lab))
      expectThat(sentBefore < SLACK_BYTES, `${sentBefore} octets were taken while the exchange ran`)
    }),
    inLab('nor what it uploads while the denial itself still arrives', async (lab) => {
      const house = await buildHouse(lab, denySlowly, { env: LARGE_RECORDS })
      const sentBefore = await bytesTakenDuring(house, await tokenOf(lab))
      expectThat(sentBefore < SLACK_BYTES, `${sentBefore} octets were taken meanwhile`)
    }),
  ],
}

/** The head of the denial at once, its body 600 ms later; what is uploaded is read all the time. */
const denySlowly: Handle = async (req, res, seen) => {
  if (scopesOf(req.headers.authorization).includes(SCOPE)) return denyAfterOneMiB(req, res, seen)
  req.resume()
  const challenge = `Bearer error="insufficient_scope", scope="${SCOPE}"`
  res.writeHead(403, { 'www-authenticate': challenge, 'content-length': '6' })
  res.write('den')
  await new Promise((resolve) => setTimeout(resolve, 600))
  res.end('ied')
}

const denyAfterOneMiB: Handle = async (req, res, seen) => {
  if (scopesOf(req.headers.authorization).includes(SCOPE)) {
    await readAll(req, seen)
    res.end('ok')
    return
  }
  let bytes = 0
  req.on('data', (chunk) => {
    bytes += chunk.length
    if (bytes < MIB || res.headersSent) return
    res.writeHead(403, {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
      'content-length': '0',
    })
    res.end()
  })
}

interface Upload {
  readonly answer: Answer
  readonly sha256: string
}

/** Sends as fast as it is taken, until all is sent or an answer has come. */
async function upload(url: string, target: string, total: number, token?: string): Promise<Upload> {
  const wire = await openWire(url)
  const { socket } = wire
  socket.setMaxListeners(0)
  wire.write(
    headOf(url, {
      method: 'POST',
      target,
      token,
      lines: ['Connection: keep-alive', `Content-Length: ${total}`],
    }),
  )
  const hash = createHash('sha256')
  const came = once(socket, 'data').catch(() => undefined)
  let hasCome = false
  void came.then(() => {
    hasCome = true
  })
  for (let sent = 0; sent < total && !hasCome && !socket.destroyed; sent += CHUNK.length) {
    hash.update(CHUNK)
    if (!socket.write(CHUNK)) await Promise.race([came, once(socket, 'drain').catch(() => {})])
  }
  try {
    return { answer: await wire.answer('POST'), sha256: hash.digest('hex') }
  } finally {
    socket.destroy()
  }
}

/** How much of an endless upload the house takes before the answer of the exchange is there. */
async function bytesTakenDuring({ url, stand }: House, token: string): Promise<number> {
  const wire = await openWire(url)
  const total = 128 * MIB
  wire.socket.setMaxListeners(0)
  wire.write(
    headOf(url, { method: 'POST', target: stand.path, token, lines: [`Content-Length: ${total}`] }),
  )
  let taken = 0
  while (stand.requests.length < 2 && taken < total && !wire.socket.destroyed) {
    taken += CHUNK.length
    if (wire.socket.write(CHUNK)) await new Promise((resolve) => setImmediate(resolve))
    else await Promise.race([once(wire.socket, 'drain'), new Promise((r) => setTimeout(r, 20))])
    if (wire.socket.writableLength > MIB) await new Promise((resolve) => setTimeout(resolve, 20))
    taken = wire.socket.bytesWritten - wire.socket.writableLength
  }
  wire.socket.destroy()
  return taken
}
