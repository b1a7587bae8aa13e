import { readdir, readFile } from 'node:fs/promises'

/** What a process and all below it have used: a master and its workers count as one. */
export interface Usage {
  readonly cpuSeconds: number
  readonly rssBytes: number
}

/** Linux counts the two in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** Of `/proc/PID/stat`: utime + stime, and the resident set. Rejects where the process has ended. */
export async function readUsage(pid: number): Promise<Usage> {
  const processes = await readAll()
  const root = processes.find((process) => process.pid === pid)
  if (root === undefined) throw new Error(`process ${pid} has ended`)
  const tree = [root]
  for (const parent of tree) tree.push(...processes.filter(({ ppid }) => ppid === parent.pid))
  return {
    cpuSeconds: tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND,
    rssBytes: tree.reduce((sum, { pages }) => sum + pages, 0) * PAGE_BYTES,
  }
}

interface ProcessStat {
  readonly pid: number
  readonly ppid: number
  readonly ticks: number
  readonly pages: number
}

async function readAll(): Promise<readonly ProcessStat[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(names.map(readStat))
  return stats.filter((stat) => stat !== undefined)
}

async function readStat(pid: string): Promise<ProcessStat | undefined> {
  // It may end while we look.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name stands in brackets and may hold anything, so it is cut off first; state is the third field of proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return { pid: Number(pid), ppid: field(4), ticks: field(14) + field(15), pages: field(24) }
}
