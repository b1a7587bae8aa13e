import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { requireScope } from '../../support/upstream.ts'
import type { KeptConnection } from '../connections/kept-connection.ts'
import { keepConnection } from '../connections/kept-connection.ts'
import type { House } from '../house.ts'
import { startHouse } from '../house.ts'
import type { Identity } from '../identities.ts'
import { markerOf } from '../identities.ts'
import { inParallel } from '../in-parallel.ts'
import { cut, listen } from '../loopback-server.ts'
import { countDescriptors, readDescriptorLimit, readFigures, readRss } from '../process-figures.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, settle, toMib } from '../settle.ts'

/** 10 000 callers that keep their connections: each asks, is idle, and asks again on the same one. */
export const keptConnections: Scenario = {
  name: 'kept-connections',
  deadlineMs: { short: 90_000, full: 240_000 },
  run,
}

const CALLERS = 64
const TOKENS = 100
/** What a process needs besides the connections that are counted. */
const SPARE_DESCRIPTORS = 500
const TOLERANCE: Tolerance = { fds: 4, timers: 2, heapBytes: undefined }
const SCOPE = 'mcp:list_files'

async function run(around: Surroundings): Promise<Report> {
  const server = createServer((req, res) => {
    req.resume()
    if (!requireScope(req, res, SCOPE)) return
    const body = markerOf(req.headers.authorization) ?? ''
    res.writeHead(200, { 'content-length': String(body.length) })
    res.end(body)
  })
  const upstreamUrl = `http://127.0.0.1:${await listen(server)}`
  const house = await startHouse({ upstreamUrl })
  try {
    return await keep(around, house)
  } finally {
    await house.close()
    await cut(server)
  }
}

interface Kept {
  readonly connection: KeptConnection
  readonly caller: Identity
}

async function keep(around: Surroundings, house: House): Promise<Report> {
  const { sidecar } = house
  const wanted = around.isShort ? 2_000 : 10_000
  // Node raises its own soft limit to the hard one, so that the figure read here is the hard one.
  const limits = [await readDescriptorLimit('self'), await readDescriptorLimit(sidecar.pid)]
  const count = Math.min(wanted, Math.min(...limits) - SPARE_DESCRIPTORS)
  if (count < wanted) around.say(`only ${count} connections: the descriptor limits are ${limits}`)
  const callers: Identity[] = []
  for (let i = 0; i < TOKENS; i += 1) {
    callers.push(await house.identities.create(around.random(i)))
  }
  const before = await readFigures(sidecar, { isHeapExact: true })
  const kept: Kept[] = []
  const defects: string[] = []
  const askFor = (one: Kept) => ask(one, defects)
  const opening = await timed(() =>
    inParallel(CALLERS, count, async (i) => {
      const caller = callers[i % TOKENS]
      if (caller === undefined) return
      const one = { connection: await keepConnection(sidecar.url), caller }
      kept.push(one)
      await askFor(one)
    }),
  )
  await wait(around.isShort ? 2_000 : 10_000)
  const { fds } = await countDescriptors(sidecar.pid)
  const open = await readFigures(sidecar, { isHeapExact: true })
  const again = await timed(() =>
    inParallel(CALLERS, kept.length, async (i) => {
      const one = kept[i]
      if (one !== undefined) await askFor(one)
    }),
  )
  const stillOpen = kept.filter(({ connection }) => connection.isOpen).length
  const rssBytes = await readRss(sidecar.pid)
  for (const { connection } of kept) connection.close()
  const after = await settle(sidecar, before)
  return {
    figures: [
      {
        name: 'connections',
        value: `${count} of ${wanted} wanted; descriptor limits ${limits.join(', ')}`,
      },
      { name: 'opened and asked / asked again', value: `${opening} s / ${again} s` },
      {
        name: 'RSS before, open, after',
        value: [before.rssBytes, rssBytes, after.rssBytes].map(toMib).join(', '),
      },
      {
        name: 'heap before, open, after',
        value: [before.heapBytes, open.heapBytes, after.heapBytes].map(toMib).join(', '),
      },
      { name: 'descriptors before, open, after', value: [before.fds, fds, after.fds].join(', ') },
    ],
    verdicts: [
      judge('all connections are open at once', fds >= count, fds),
      judgeDefects("every answer is the caller's own", defects),
      judge('no connection was closed under its caller', stillOpen === count, stillOpen),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
}

async function ask({ connection, caller }: Kept, defects: string[]): Promise<void> {
  const answer = await connection.ask('/v1/files', caller.token)
  if (answer === undefined) defects.push('the connection ended without an answer')
  else if (answer.status !== 200) defects.push(`status ${answer.status}`)
  else if (answer.body !== caller.marker) defects.push("another caller's answer")
}

async function timed(work: () => Promise<void>): Promise<string> {
  const startedAt = performance.now()
  await work()
  return ((performance.now() - startedAt) / 1000).toFixed(1)
}
