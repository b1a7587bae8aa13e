import { readdir, readFile, readlink } from 'node:fs/promises'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { collectGarbage } from './inspector.ts'
import type { SidecarProcess } from './sidecar-process.ts'

/** What a process holds, seen from outside. */
export interface ProcessFigures {
  readonly fds: number
  readonly sockets: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** Buffers, which V8's heap size does not count. */
  readonly externalBytes: number
  /** Timers that keep the process alive. */
  readonly timers: number
  readonly replayBytes: number
  readonly openUpgrades: number
}

/** Everything, after a full garbage collection where `isHeapExact`. */
export async function readFigures(
  process: SidecarProcess,
  options: { readonly isHeapExact: boolean },
): Promise<ProcessFigures> {
  if (process.hasEnded) {
    throw new Error(`Scopelift has ended (${await process.ended}): ${process.complaints.join(' ')}`)
  }
  if (options.isHeapExact) await collectGarbage(process.inspectorUrl)
  const metrics = await readMetrics(process.adminUrl)
  const { fds, sockets } = await countDescriptors(process.pid)
  return {
    fds,
    sockets,
    rssBytes: await readRss(process.pid),
    heapBytes: readMetric(metrics, 'nodejs_heap_size_used_bytes'),
    externalBytes: readMetric(metrics, 'nodejs_external_memory_bytes'),
    timers: readMetric(metrics, 'nodejs_active_resources{type="Timeout"}'),
    replayBytes: readMetric(metrics, 'scopelift_replay_bytes'),
    openUpgrades: readMetric(metrics, 'scopelift_open_upgrades'),
  }
}

/** The outcomes that requests have had so far. */
export async function readOutcomes(adminUrl: string): Promise<ReadonlyMap<string, number>> {
  const metrics = await readMetrics(adminUrl)
  const outcomes = new Map<string, number>()
  for (const [name, value] of metrics) {
    const outcome = /^scopelift_requests_total\{outcome="([^"]+)"\}$/.exec(name)?.[1]
    if (outcome !== undefined && value > 0) outcomes.set(outcome, value)
  }
  return outcomes
}

export async function countDescriptors(pid: number): Promise<{ fds: number; sockets: number }> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder)
  const links = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  )
  return { fds: names.length, sockets: links.filter((link) => link.startsWith('socket:')).length }
}

export async function readRss(pid: number): Promise<number> {
  return readKib(await readFile(`/proc/${pid}/status`, 'utf8'), 'VmRSS') * 1024
}

/** The most that the process has ever held. */
export async function readRssPeak(pid: number): Promise<number> {
  return readKib(await readFile(`/proc/${pid}/status`, 'utf8'), 'VmHWM') * 1024
}

/** How many descriptors the process may open. */
export async function readDescriptorLimit(pid: number | 'self'): Promise<number> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN)
}

function readKib(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN)
}

const SCRAPE_DEADLINE_MS = 15_000

/** On a connection of its own, closed again: a kept one would be among the descriptors that are counted. */
async function readMetrics(adminUrl: string): Promise<ReadonlyMap<string, number>> {
  const page = await new Promise<string>((resolve, reject) => {
    const signal = AbortSignal.timeout(SCRAPE_DEADLINE_MS)
    get(`${adminUrl}/metrics`, { agent: false, signal }, (answer) => {
      text(answer).then(resolve, reject)
    }).on('error', reject)
  })
  const metrics = new Map<string, number>()
  for (const line of page.split('\n')) {
    const space = line.lastIndexOf(' ')
    if (!line.startsWith('#') && space > 0) {
      metrics.set(line.slice(0, space), Number(line.slice(space + 1)))
    }
  }
  return metrics
}

function readMetric(metrics: ReadonlyMap<string, number>, name: string): number {
  return metrics.get(name) ?? 0
}
