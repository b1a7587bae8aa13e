import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseLogLine } from '../../demo/audit-line.ts'

/** The built program in a process of its own, with Node's inspector open on the loopback so that garbage can be collected on demand. */
export interface SidecarProcess {
  readonly pid: number
  readonly url: string
  readonly adminUrl: string
  readonly inspectorUrl: string
  /** Resolves when the process has ended, asked or not: its exit code, or the signal that ended it. */
  readonly ended: Promise<string>
  readonly hasEnded: boolean
  /** Lines of the log at level `fatal`, and what was written to stderr. */
  readonly complaints: readonly string[]
  /** How often the audit gave each reason for `upstream-unavailable`. */
  readonly breakdowns: ReadonlyMap<string, number>
  terminate(): void
  close(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../dist/scopelift.js', import.meta.url))
const START_DEADLINE_MS = 30_000
const STOP_DEADLINE_MS = 5_000
const MAX_COMPLAINTS = 100

/** Throws where the program has not been built: what is soaked is what is shipped. */
export function checkBuilt(): void {
  if (!existsSync(PROGRAM)) {
    throw new Error('dist/scopelift.js is missing. Build it first: npm run build')
  }
}

export async function startSidecarProcess(options: {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly nodeOptions?: readonly string[]
}): Promise<SidecarProcess> {
  const args = ['--inspect=127.0.0.1:0', ...(options.nodeOptions ?? []), PROGRAM]
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit').then(([code, signal]) => String(code ?? signal))
  const output = readOutput(child)
  const tooLate = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS)
  const addresses = await Promise.race([
    output.started,
    ended.then((how) => {
      throw new Error(`Scopelift ended at its start (${how}): ${output.complaints.join(' ')}`)
    }),
  ])
  clearTimeout(tooLate)
  return {
    ...addresses,
    pid: child.pid ?? 0,
    ended,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null
    },
    complaints: output.complaints,
    breakdowns: output.breakdowns,
    terminate: () => void child.kill('SIGTERM'),
    close: () => stop(child, ended),
  }
}

interface Started {
  readonly url: string
  readonly adminUrl: string
  readonly inspectorUrl: string
}

/** Audit lines are read and dropped: a pipe that nobody empties would hold the process back. */
function readOutput(child: ChildProcess) {
  const complaints: string[] = []
  const complain = (line: string) => {
    if (complaints.length < MAX_COMPLAINTS) complaints.push(line)
  }
  const breakdowns = new Map<string, number>()
  const started = new Promise<Started>((resolve) => {
    let addresses: { url: string; adminUrl: string } | undefined
    let inspectorUrl: string | undefined
    const resolveWhenBoth = () => {
      if (addresses !== undefined && inspectorUrl !== undefined)
        resolve({ url: addresses.url, adminUrl: addresses.adminUrl, inspectorUrl })
    }
    onLine(child.stdout, (text) => {
      if (text.includes('"level":"fatal"')) complain(text)
      const reason = BREAKDOWN_LINE.exec(text)?.[1]
      if (reason !== undefined) breakdowns.set(reason, (breakdowns.get(reason) ?? 0) + 1)
      if (addresses !== undefined) return
      const line = parseLogLine(text)
      if (line.kind !== 'listening') return
      addresses = line
      resolveWhenBoth()
    })
    onLine(child.stderr, (text) => {
      inspectorUrl ??= /^Debugger listening on (ws:\S+)/.exec(text)?.[1]
      resolveWhenBoth()
      if (!INSPECTOR_LINE.test(text)) complain(text)
    })
  })
  return { complaints, breakdowns, started }
}

const BREAKDOWN_LINE = /"outcome":"upstream-unavailable","reason":"([^"]*)"/
const INSPECTOR_LINE = /^(Debugger |For help, see: |$)/

function onLine(input: ChildProcess['stdout'], take: (text: string) => void): void {
  if (input !== null) createInterface({ input }).on('line', take)
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  await ended
  clearTimeout(timer)
}
