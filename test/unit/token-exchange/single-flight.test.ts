import t from 'tap'
import type { Begin } from '../../../src/token-exchange/single-flight.ts'
import { createSingleFlight } from '../../../src/token-exchange/single-flight.ts'
import { ABORTED } from '../../../src/token-exchange/until-aborted.ts'

interface Launch {
  readonly signal: AbortSignal
  readonly isCurrent: () => boolean
  readonly land: (result: string) => void
}

/** Flights that are under way until they are told to land. */
function createAirfield(timeoutMs = 60_000) {
  const launches: Launch[] = []
  const begin: Begin<string> = (signal, isCurrent) =>
    new Promise((land) => {
      launches.push({ signal, isCurrent, land })
    })
  return { flights: createSingleFlight<string>({ timeoutMs }), launches, begin }
}

const staying = () => new AbortController().signal
const always = () => true

/** Until every promise that can move has moved. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

t.test('all who want the same share one flight', async (t) => {
  const { flights, launches, begin } = createAirfield()
  const waits = Array.from({ length: 200 }, () => flights.join('k', staying(), begin))
  const elsewhere = flights.join('other', staying(), begin)
  await settle()
  t.equal(launches.length, 2)
  launches[0]?.land('one')
  launches[1]?.land('two')
  t.same(new Set(await Promise.all(waits)), new Set(['one']))
  t.equal(await elsewhere, 'two')
})

t.test('a flight that has landed is not joined', async (t) => {
  const { flights, launches, begin } = createAirfield()
  const first = flights.join('k', staying(), begin)
  await settle()
  launches[0]?.land('one')
  t.equal(await first, 'one')
  const second = flights.join('k', staying(), begin)
  await settle()
  launches[1]?.land('two')
  t.equal(await second, 'two')
})

t.test(
  'a waiter who leaves is released at once, and the flight goes on for the others',
  async (t) => {
    const { flights, launches, begin } = createAirfield()
    const leaving = new AbortController()
    const left = flights.join('k', leaving.signal, begin)
    const stayed = flights.join('k', staying(), begin)
    await settle()
    leaving.abort()
    t.equal(await left, ABORTED)
    t.equal(launches[0]?.signal.aborted, false)
    launches[0]?.land('one')
    t.equal(await stayed, 'one')
  },
)

t.test('a flight is aborted when its last waiter leaves, and nobody joins it then', async (t) => {
  const { flights, launches, begin } = createAirfield()
  const leaving = [new AbortController(), new AbortController()]
  const left = leaving.map(({ signal }) => flights.join('k', signal, begin))
  await settle()
  for (const waiter of leaving) waiter.abort()
  t.same(await Promise.all(left), [ABORTED, ABORTED])
  t.equal(launches[0]?.signal.aborted, true)
  t.equal(launches[0]?.isCurrent(), false)
  const next = flights.join('k', staying(), begin)
  await settle()
  launches[1]?.land('new')
  t.equal(await next, 'new')
})

t.test('a waiter that has left already begins nothing', async (t) => {
  const { flights, launches, begin } = createAirfield()
  t.equal(await flights.join('k', AbortSignal.abort(), begin), ABORTED)
  t.equal(await flights.replace('k', 'a', AbortSignal.abort(), begin, always), ABORTED)
  await settle()
  t.equal(launches.length, 0)
})

t.test('a flight has a deadline of its own', async (t) => {
  const { flights, launches, begin } = createAirfield(20)
  const wait = flights.join('k', staying(), begin)
  await settle()
  const signal = launches[0]?.signal
  const keepAlive = setInterval(() => {}, 1000)
  await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  clearInterval(keepAlive)
  t.equal(signal?.reason, 'deadline')
  launches[0]?.land('late')
  t.equal(await wait, 'late')
})

t.test('a replacement never joins a flight begun before it', async (t) => {
  const { flights, launches, begin } = createAirfield()
  const old = flights.join('k', staying(), begin)
  const renewed = flights.replace('k', 'a', staying(), begin, always)
  const joined = flights.join('k', staying(), begin)
  await settle()
  t.equal(launches.length, 2)
  t.equal(launches[0]?.isCurrent(), false, 'what the old one brings is not stored')
  t.equal(launches[1]?.isCurrent(), true)
  launches[0]?.land('old')
  t.equal(await old, 'old')
  t.equal(launches[1]?.isCurrent(), true, 'the old one leaves the new one in its place')
  launches[1]?.land('new')
  t.same(await Promise.all([renewed, joined]), ['new', 'new'])
})

t.test('those who replace the same share a flight; another begins only if it may', async (t) => {
  const { flights, launches, begin } = createAirfield()
  const never = () => false
  const one = flights.replace('k', 'a', staying(), begin, always)
  const other = flights.replace('k', 'a', staying(), begin, never)
  t.equal(flights.replace('k', 'b', staying(), begin, never), undefined)
  await settle()
  t.equal(launches.length, 1)
  launches[0]?.land('new')
  t.same(await Promise.all([one, other]), ['new', 'new'])
})
