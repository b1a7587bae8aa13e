import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Refusal } from '../../../src/relay/refusal.ts'
import { REFUSALS, sendRefusal, writeRefusal } from '../../../src/relay/refusal.ts'
import { createStage } from './stage.ts'

const ALL: readonly (readonly [string, Refusal])[] = Object.entries(REFUSALS)

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

for (const [name, refusal] of ALL) {
  t.test(`${name} is written on a bare socket in the envelope of the clients`, async (t) => {
    const socket = new PassThrough()
    writeRefusal(socket, refusal)
    const text = String(socket.read())
    const { status, reason, code, message } = refusal
    const type = status < 500 ? 'invalid_request_error' : 'server_error'
    t.ok(text.startsWith(`HTTP/1.1 ${status} ${reason}\r\n`))
    t.match(text, /\r\nconnection: close\r\n/)
    t.match(text, /\r\ncache-control: no-store\r\n/)
    t.ok(text.includes(`\r\ncontent-length: ${Buffer.byteLength(bodyOf(text))}\r\n`))
    t.same(JSON.parse(bodyOf(text)), { error: { message, type, code } })
    t.equal(socket.writableEnded, true)
  })
}

t.test('the same goes through a response object, with the lines that are added', async (t) => {
  const { res, received } = await createStage(t, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  sendRefusal(res, REFUSALS.loop, { lines: ['via', '1.1 us'], closes: true })
  const text = await received
  t.match(text, /^HTTP\/1\.1 508 Loop Detected\r\n/)
  t.match(text, /\r\nvia: 1\.1 us\r\n/)
  t.match(text, /\r\nconnection: close\r\n/)
  t.equal(JSON.parse(bodyOf(text)).error.code, 'loop_detected')
})

t.test('unless it closes the connection stays open', async (t) => {
  const { res, until } = await createStage(t, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  sendRefusal(res, REFUSALS.target)
  t.match(await until('invalid_target'), /\r\nConnection: keep-alive\r\n/i)
})
