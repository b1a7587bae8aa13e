import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import t from 'tap'
import { gatherBody, streamBody } from '../../../src/relay/request-body.ts'
import { createStage } from './stage.ts'

const CHUNKED = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'

function ofLength(length: number): string {
  return `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`
}

async function readAll(body: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of body) text += String(chunk)
  return text
}

function gather(req: IncomingMessage, deadlineMs = 60_000): Promise<Buffer> {
  return new Promise((onGathered, reject) =>
    gatherBody(req, { deadlineMs, onGathered, onLate: () => reject(new Error('late')) }),
  )
}

function stream(req: IncomingMessage, onFirstRead = () => {}): Readable {
  return streamBody(req, { onFirstRead, silenceMs: 60_000, onSilent: () => {} })
}

t.test('a body is gathered whole, however it arrives', async (t) => {
  const parts = [[''], ['abc'], ['ab', 'c'], ['a', 'b', 'c']]
  for (const chunks of parts) {
    const { req, caller } = await createStage(t, ofLength(chunks.join('').length))
    const gathered = gather(req)
    for (const chunk of chunks) {
      const arrived = chunk === '' ? undefined : once(req, 'data')
      caller.write(chunk)
      await arrived
    }
    t.equal((await gathered).toString(), chunks.join(''))
  }
})

t.test('a caller that leaves before the end of its body is never called back', async (t) => {
  const { req, caller } = await createStage(t, ofLength(5))
  let isGathered = false
  void gather(req).finally(() => {
    isGathered = true
  })
  const closed = new Promise((resolve) => req.once('close', resolve))
  caller.write('ab')
  await once(req, 'data')
  caller.destroy()
  await closed
  t.equal(isGathered, false)
})

t.test('a body that is late is said to be late once, and its rest changes nothing', async (t) => {
  const { req, caller } = await createStage(t, ofLength(5))
  const told: string[] = []
  const late = new Promise<void>((resolve) => {
    gatherBody(req, {
      deadlineMs: 20,
      onGathered: () => told.push('gathered'),
      onLate() {
        told.push('late')
        resolve()
      },
    })
  })
  caller.write('ab')
  await late
  caller.write('cde')
  await once(req, 'end')
  t.same(told, ['late'])
})

t.test('a body is wanted when it is first read, and only then', async (t) => {
  const { req, caller } = await createStage(t, CHUNKED)
  let wanted = 0
  const body = stream(req, () => {
    wanted += 1
  })
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(wanted, 0)
  const text = readAll(body)
  caller.write('1\r\na\r\n')
  caller.write('2\r\nbc\r\n0\r\n\r\n')
  t.equal(await text, 'abc')
  t.equal(wanted, 1)
})

t.test('a reader that is slow pauses the caller', async (t) => {
  const size = 4 << 20
  const { req, caller } = await createStage(t, ofLength(size))
  const body = stream(req)
  const iterator = body.iterator()
  const first = iterator.next()
  caller.write(Buffer.alloc(size))
  let bytes = Buffer.from(String((await first).value)).length
  while (!req.isPaused()) await new Promise((resolve) => setImmediate(resolve))
  t.ok(body.readableLength < 1 << 20)
  for await (const chunk of iterator) bytes += Buffer.from(chunk).length
  t.equal(bytes, size)
})

t.test('a body that is waited for and does not come is silent', async (t) => {
  const { req, caller } = await createStage(t, CHUNKED)
  const silent = new Promise<void>((onSilent) => {
    const body = streamBody(req, { onFirstRead: () => {}, silenceMs: 20, onSilent })
    t.teardown(() => body.destroy())
    body.resume()
  })
  caller.write('1\r\na\r\n')
  await silent
  t.equal(req.complete, false)
})

t.test('a body that is not read is not silent', async (t) => {
  const { req, caller } = await createStage(t, ofLength(4 << 20))
  let silences = 0
  const body = streamBody(req, {
    onFirstRead: () => {},
    silenceMs: 5,
    onSilent() {
      silences += 1
    },
  })
  t.teardown(() => body.destroy())
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(silences, 0, 'before anybody reads')
  const first = body.iterator({ destroyOnReturn: false }).next()
  caller.write(Buffer.alloc(4 << 20))
  await first
  while (!req.isPaused()) await new Promise((resolve) => setImmediate(resolve))
  silences = 0
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(silences, 0, 'while the reader is slow')
})

t.test('a stream that is destroyed leaves the connection alone', async (t) => {
  const { req, res, caller, received } = await createStage(
    t,
    ofLength(6).replace('Host: h', 'Host: h\r\nConnection: close'),
  )
  const body = stream(req)
  const first = body.iterator({ destroyOnReturn: false }).next()
  caller.write('abc')
  await first
  body.destroy()
  await once(body, 'close')
  caller.write('def')
  req.resume()
  res.end('answer')
  t.match(await received, /answer$/)
})

t.test('a caller that leaves breaks the body for its reader', async (t) => {
  const { req, caller } = await createStage(t, ofLength(6))
  const text = readAll(stream(req))
  caller.write('abc')
  await once(req, 'data')
  caller.destroy()
  await t.rejects(text, { message: 'the caller left before the end of its request' })
})
