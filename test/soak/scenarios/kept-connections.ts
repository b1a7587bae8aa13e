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
import type { ProcessFigures } from '../process-figures.ts'
import { readDescriptorLimit, readFigures } from '../process-figures.ts'
import type { Report, Scenario, Surroundings } from '../scenario.ts'
import { judge, judgeDefects } from '../scenario.ts'
import type { Tolerance } from '../settle.ts'
import { judgeSettled, listMib, settle } from '../settle.ts'

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

interface Measured {
  readonly before: ProcessFigures
  readonly open: ProcessFigures
  readonly after: ProcessFigures
  readonly stillOpen: number
  readonly defects: readonly string[]
  readonly seconds: readonly [opening: string, again: string]
}

async function keep(around: Surroundings, house: House): Promise<Report> {
  const wanted = around.isShort ? 2_000 : 10_000
  // Node raises its own soft limit to the hard one when it starts.
  const limits = [await readDescriptorLimit('self'), await readDescriptorLimit(house.sidecar.pid)]
  const count = Math.min(wanted, Math.min(...limits) - SPARE_DESCRIPTORS)
  const measured = await measure(around, house, count)
  const { before, open, after, defects, stillOpen, seconds } = measured
  const states = [before, open, after]
  const scaled = count < wanted ? ', SCALED DOWN' : ''
  return {
    figures: [
      { name: 'connections', value: `${count} of ${wanted}${scaled}; limits ${limits.join(', ')}` },
      { name: 'opened and asked / asked again', value: `${seconds[0]} s / ${seconds[1]} s` },
      { name: 'RSS before, open, after', value: listMib(states.map((at) => at.rssBytes)) },
      { name: 'heap before, open, after', value: listMib(states.map((at) => at.heapBytes)) },
      { name: 'descriptors before, open, after', value: states.map((at) => at.fds).join(', ') },
    ],
    verdicts: [
      judge('all connections are open at once', open.fds >= count, open.fds),
      judgeDefects("every answer is the caller's own", defects),
      judge('no connection was closed under its caller', stillOpen === count, stillOpen),
      ...judgeSettled(before, after, TOLERANCE),
    ],
  }
}

async function measure(around: Surroundings, house: House, count: number): Promise<Measured> {
  const { sidecar, identities } = house
  const callers: Identity[] = []
  for (let i = 0; i < TOKENS; i += 1) callers.push(await identities.create(around.random(i)))
  const before = await readFigures(sidecar, { isHeapExact: true })
  const kept: Kept[] = []
  const defects: string[] = []
  const opening = await timed(count, async (i) => {
    const caller = callers[i % TOKENS]
    if (caller === undefined) return
    const one = { connection: await keepConnection(sidecar.url), caller }
    kept.push(one)
    await ask(one, defects)
  })
  await wait(around.isShort ? 2_000 : 10_000)
  const open = await readFigures(sidecar, { isHeapExact: true })
  const again = await timed(kept.length, async (i) => {
    const one = kept[i]
    if (one !== undefined) await ask(one, defects)
  })
  const stillOpen = kept.filter(({ connection }) => connection.isOpen).length
  for (const { connection } of kept) connection.close()
  const after = await settle(sidecar, before)
  return { before, open, after, stillOpen, defects, seconds: [opening, again] }
}

async function ask({ connection, caller }: Kept, defects: string[]): Promise<void> {
  const answer = await connection.ask('/v1/files', caller.token)
  if (answer === undefined) defects.push('the connection ended without an answer')
  else if (answer.status !== 200) defects.push(`status ${answer.status}`)
  else if (answer.body !== caller.marker) defects.push("another caller's answer")
}

/** Seconds for so many of it, 64 at a time. */
async function timed(count: number, work: (index: number) => Promise<void>): Promise<string> {
  const startedAt = performance.now()
  await inParallel(CALLERS, count, work)
  return ((performance.now() - startedAt) / 1000).toFixed(1)
}
