import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import t from 'tap'
import { watchHandshake } from '../../../src/relay/handshake-watch.ts'

function createWatched() {
  const [caller, socket] = duplexPair()
  let timesLeft = 0
  const watch = watchHandshake(socket, () => {
    timesLeft += 1
  })
  /** Writes, until the watched side has taken it all. */
  const say = (bytes: number) =>
    new Promise<void>((resolve) => void caller.write(Buffer.alloc(bytes, 'a'), () => resolve()))
  return { caller, socket, watch, say, timesLeft: () => timesLeft }
}

t.test('64 KiB that come ahead of time are given back when the tunnel opens', async (t) => {
  const { socket, watch, say, timesLeft } = createWatched()
  await say(65_535)
  await say(1)
  t.equal(timesLeft(), 0)
  watch.open()
  t.equal(socket.read(65_536)?.length, 65_536)
  t.equal(socket.destroyed, false)
})

t.test('a caller that says more before it is answered is cut, and has left once', async (t) => {
  const { socket, say, timesLeft } = createWatched()
  await say(65_536)
  t.equal(socket.destroyed, false)
  const closed = once(socket, 'close')
  void say(1)
  await closed
  t.equal(timesLeft(), 1)
})

t.test('a caller that ends has left once', async (t) => {
  const { caller, socket, timesLeft } = createWatched()
  const closed = once(socket, 'close')
  caller.end()
  await closed
  t.equal(timesLeft(), 1)
})

t.test('what a refused caller still says is dropped, however much', async (t) => {
  const { socket, watch, say, timesLeft } = createWatched()
  watch.refuse()
  for (let i = 0; i < 4; i += 1) await say(40_000)
  t.equal(timesLeft(), 0)
  t.equal(socket.destroyed, false)
  t.equal(socket.readableLength, 0)
})
