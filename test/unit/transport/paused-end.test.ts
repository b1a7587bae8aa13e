import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { Agent } from 'undici'
import { createPatientConnector } from '../../../src/transport/patient-connector.ts'

interface Visit {
  /** Resolves with the controller, paused, when the first chunk has come. */
  readonly paused: Promise<Dispatcher.DispatchController>
  /** How the answer ended, and what had come by then. */
  readonly ended: Promise<{ readonly body: string; readonly code: string | undefined }>
  /** The upstream's side of the connection. */
  readonly upstream: Promise<Socket>
}

/** Asks an upstream that writes these bytes, and pauses the answer at its first chunk. */
async function visit(t: Test, bytes: string): Promise<Visit> {
  const server = createServer()
  const upstream = once(server, 'connection').then(([socket]): Socket => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(bytes))
    return socket
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const agent = new Agent({ connect: createPatientConnector({}) })
  t.teardown(async () => {
    await agent.destroy()
    server.close()
  })
  let body = ''
  let pauseWith: (controller: Dispatcher.DispatchController) => void = () => undefined
  const paused = new Promise<Dispatcher.DispatchController>((resolve) => {
    pauseWith = resolve
  })
  const ended = new Promise<{ body: string; code: string | undefined }>((resolve) => {
    agent.dispatch(
      { origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(controller, chunk) {
          if (body === '') {
            controller.pause()
            pauseWith(controller)
          }
          body += chunk.toString('latin1')
        },
        onResponseEnd: () => resolve({ body, code: undefined }),
        onResponseError(_controller, error) {
          resolve({ body, code: 'code' in error ? String(error.code) : error.name })
        },
      },
    )
  })
  return { paused, ended, upstream }
}

const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n'

/** Long enough for an end on the loopback to have been told. */
async function untilTold(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50))
}

for (const [what, answer] of [
  ['of known length', 'Content-Length: 5\r\n\r\nhello'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ['that the end of the connection ends', '\r\nhello'],
] as const) {
  t.test(`a connection may end while an answer ${what} is paused`, async (t) => {
    const { paused, ended, upstream } = await visit(t, `${HEAD}${answer}`)
    const controller = await paused
    ;(await upstream).end()
    await untilTold()
    controller.resume()
    t.same(await ended, { body: 'hello', code: undefined })
  })
}

t.test('an answer that is cut while it is paused is not taken for a whole one', async (t) => {
  const { paused, ended, upstream } = await visit(t, `${HEAD}Content-Length: 9\r\n\r\nhello`)
  const controller = await paused
  ;(await upstream).end()
  await untilTold()
  controller.resume()
  const { body, code } = await ended
  t.equal(body, 'hello')
  t.ok(code)
})

t.test('a connection may be reset while an answer is paused', async (t) => {
  const { paused, ended, upstream } = await visit(t, `${HEAD}Content-Length: 5\r\n\r\nhello`)
  await paused
  ;(await upstream).resetAndDestroy()
  t.same(await ended, { body: 'hello', code: 'ERR_RESET_WHILE_PAUSED' })
})

t.test('a paused answer whose reader gives up is dropped with its connection', async (t) => {
  const { paused, ended, upstream } = await visit(t, `${HEAD}Content-Length: 5\r\n\r\nhello`)
  const controller = await paused
  const socket = await upstream
  socket.end()
  await untilTold()
  controller.abort(new Error('left'))
  t.same(await ended, { body: 'hello', code: 'Error' })
})
