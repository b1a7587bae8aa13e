import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Line } from '../check.ts'
import { withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat, expectWithout } from '../expect.ts'
import { until } from '../lab.ts'
import { exchange, headOf, openWire } from '../wire.ts'

const MIB = 1024 * 1024
const TOTAL_BYTES = 1024 * MIB
/** What socket buffers may swallow on both hops. */
const SLACK_BYTES = 32 * MIB

export const streams: Line = {
  id: 'H8',
  topic: 'streams',
  rule: 'an event passes while the next is still to come, a slow reader slows the upstream down, and a caller that leaves ends the upstream’s work',
  checks: [
    withUpstream(
      'head and events pass one by one while the upstream is silent',
      async ({ url, upstream }) => {
        let tell: (text: string) => void = () => {}
        const stand = upstream.serve((_req, res) => {
          res.writeHead(200, { 'content-type': 'text/event-stream' })
          res.flushHeaders()
          tell = (text) => void (text === '' ? res.end() : res.write(text))
        })
        const wire = await openWire(url)
        wire.write(headOf(url, { target: stand.path }))
        await wire.until((text) => text.includes('text/event-stream'))
        for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
          tell(event)
          await wire.until((text) => text.includes(event))
        }
        tell('')
        expectStatus(await wire.answer(), 200)
      },
    ),
    withUpstream(
      '1 GiB for a reader that does not read stops at the upstream',
      async ({ url, upstream }) => {
        let written = 0
        const stand = upstream.serve(async (_req, res) => {
          const chunk = Buffer.alloc(256 * 1024)
          const signal = gone(res)
          res.setMaxListeners(0)
          res.writeHead(200, { 'content-length': String(TOTAL_BYTES) })
          while (written < TOTAL_BYTES && !res.destroyed) {
            written += chunk.length
            if (!res.write(chunk)) await once(res, 'drain', { signal }).catch(() => {})
          }
        })
        const wire = await openWire(url)
        wire.socket.pause()
        wire.write(headOf(url, { target: stand.path }))
        await until(() => written > 0, 'the first octet')
        const stopped = await settled(() => written)
        wire.socket.destroy()
        expectThat(
          stopped < SLACK_BYTES,
          `the upstream could write ${stopped} octets that nobody read`,
        )
      },
    ),
    withUpstream(
      '1 GiB for an upstream that does not read stops at the caller',
      async ({ url, upstream }) => {
        const stand = upstream.serve((req) => void req.pause())
        const wire = await openWire(url)
        const { socket } = wire
        socket.setMaxListeners(0)
        wire.write(
          headOf(url, {
            method: 'POST',
            target: stand.path,
            lines: [`Content-Length: ${TOTAL_BYTES}`],
          }),
        )
        const chunk = Buffer.alloc(256 * 1024)
        let isOver = false
        const pump = (async () => {
          while (!isOver && !socket.destroyed && socket.bytesWritten < TOTAL_BYTES) {
            if (socket.write(chunk)) await new Promise((resolve) => setImmediate(resolve))
            else await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
          }
        })()
        const taken = await settled(() => socket.bytesWritten - socket.writableLength)
        isOver = true
        socket.destroy()
        await pump
        expectThat(taken > 0 && taken < SLACK_BYTES, `${taken} octets were taken that nobody read`)
      },
    ),
    withUpstream('a caller that leaves ends the upstream’s answer', async ({ url, upstream }) => {
      let hasEnded = false
      const stand = upstream.serve((_req, res) => {
        res.write('first')
        res.on('close', () => {
          hasEnded = true
        })
      })
      const wire = await openWire(url)
      wire.write(headOf(url, { target: stand.path }))
      await wire.until((text) => text.includes('first'))
      wire.socket.destroy()
      await until(() => hasEnded, 'the end of the upstream’s answer')
    }),
    withUpstream('an answer that breaks off is visibly not whole', async ({ url, upstream }) => {
      const stand = upstream.serve((_req, res) => {
        res.write('first')
        setTimeout(() => res.destroy(), 20)
      })
      const text = await exchange(url, headOf(url, { target: stand.path }))
      expectThat(text.includes('first'), 'what came before is lost')
      expectWithout(text, /\r\n0\r\n\r\n$/, 'the answer')
    }),
    withUpstream(
      'an answer shorter than its Content-Length is visibly not whole',
      async ({ url, upstream }) => {
        const stand = upstream.serve((_req, res) => {
          res.writeHead(200, { 'content-length': '10' })
          res.write('first')
          setTimeout(() => res.destroy(), 20)
        })
        const text = await exchange(url, headOf(url, { target: stand.path }))
        expectEqual(
          /content-length: 10\r\n/i.test(text) && text.endsWith('first'),
          true,
          'length and what came',
        )
      },
    ),
  ],
}

/** Aborts what waits for an answer whose reader has left. */
function gone(res: ServerResponse): AbortSignal {
  const left = new AbortController()
  res.once('close', () => left.abort())
  return left.signal
}

/** A number once it has not changed for a while: the pipe is full. */
async function settled(read: () => number): Promise<number> {
  let last = -1
  while (read() !== last) {
    last = read()
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return last
}
