import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { createTurns } from '../../../src/relay/turn.ts'
import { portOf } from './stage.ts'

interface Scope {
  teardown(end: () => unknown): void
}

/** A server whose first answer on each connection waits until it is told to go on; the others wait for their turn. */
async function createHouse(t: Scope) {
  const whenTurnComes = createTurns()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const server = createServer({ maxHeaderSize: 65_536 }, (req, res) => {
    whenTurnComes(res, () => {
      if (req.url === '/first') void released.then(() => res.end('1'))
      else res.end('2')
    })
  })
  server.maxHeadersCount = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  function open() {
    const socket = connect(portOf(server.address()), '127.0.0.1')
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    t.teardown(() => socket.destroy())
    return {
      socket,
      closed: new Promise((resolve) => socket.once('close', resolve)),
      answers: () => text.split('HTTP/1.1 200 ').length - 1,
    }
  }
  return { open, release }
}

const FIRST = 'GET /first HTTP/1.1\r\nHost: h\r\n\r\n'
const NEXT = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n'

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('64 requests may wait on a connection, again and again, and are answered', async (t) => {
  const { open, release } = await createHouse(t)
  const { socket, answers } = open()
  socket.write(FIRST + NEXT.repeat(64))
  release()
  await until(() => answers() === 65 || socket.destroyed)
  for (const round of [1, 2, 3]) {
    socket.write(NEXT.repeat(60))
    await until(() => answers() === 65 + round * 60 || socket.destroyed)
  }
  t.equal(answers(), 245)
  t.equal(socket.destroyed, false)
})

t.test('a connection may have many more in its life, a few at a time', async (t) => {
  const { open } = await createHouse(t)
  const { socket, answers } = open()
  for (let sent = 4; sent <= 200; sent += 4) {
    socket.write(NEXT.repeat(4))
    await until(() => answers() === sent || socket.destroyed)
  }
  t.equal(answers(), 200)
  t.equal(socket.destroyed, false)
})

t.test('with one more the connection is cut', async (t) => {
  const { open } = await createHouse(t)
  const { socket, closed, answers } = open()
  socket.write(FIRST + NEXT.repeat(65))
  await closed
  t.equal(answers(), 0)
})

t.test('heads in wait that weigh too much end their connection', async (t) => {
  const { open } = await createHouse(t)
  for (const lines of ['a: b\r\n'.repeat(900), `a: ${'x'.repeat(60_000)}\r\n`]) {
    const { socket, closed } = open()
    socket.write(FIRST)
    const heavy = NEXT.replace('\r\n\r\n', `\r\n${lines}\r\n`)
    socket.write(heavy.repeat(6))
    await closed
    t.pass('cut')
  }
})

t.test('what a connection that ended had in wait counts no more', async (t) => {
  const { open, release } = await createHouse(t)
  const heavy = NEXT.replace('\r\n\r\n', `\r\na: ${'x'.repeat(60_000)}\r\n\r\n`)
  // Together far beyond what all may have in wait.
  for (let n = 0; n < 160; n += 1) {
    const { socket, closed } = open()
    socket.write(FIRST + heavy.repeat(6))
    await closed
  }
  const { socket, answers } = open()
  socket.write(FIRST + heavy)
  release()
  await until(() => answers() === 2)
  t.equal(socket.destroyed, false)
})
