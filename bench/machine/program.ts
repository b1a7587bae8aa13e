import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { own } from './children.ts'
import type { Core } from './cores.ts'
import { pinned } from './cores.ts'

/** A child process that serves HTTP. */
export interface Program {
  readonly pid: number
  readonly url: string
  readonly hasEnded: boolean
  close(): Promise<void>
}

export interface ProgramOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment but PATH. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  readonly core: Core
  readonly url: string
  /** Where an answer, of whatever status, shows that it is up. */
  readonly probePath?: string
  /** Standard output and errors go there, as to a container's log. */
  readonly logFile: string
}

const START_DEADLINE_MS = 20_000
const STOP_DEADLINE_MS = 5_000
const POLL_MS = 50

/** Resolves when it answers; rejects with the end of its log where it does not. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, url, logFile } = options
  const [command, ...args] = pinned(options.core, options.command, options.args)
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', log, log],
  })
  own(child)
  let spawnError = ''
  child.on('error', (error) => {
    spawnError = error.message
  })
  const exited = once(child, 'exit').catch(() => undefined)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || spawnError !== ''
  async function close(): Promise<void> {
    if (hasEnded()) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
    await exited
    clearTimeout(timer)
  }
  const deadline = performance.now() + START_DEADLINE_MS
  while (!(await answers(`${url}${options.probePath ?? '/'}`))) {
    if (hasEnded() || performance.now() > deadline) {
      await close()
      const tail = readFileSync(logFile, 'utf8').slice(-2000)
      throw new Error(`${name} does not start: ${spawnError}\n${tail}`)
    }
    await wait(POLL_MS)
  }
  return {
    pid: child.pid ?? 0,
    url,
    get hasEnded() {
      return hasEnded()
    },
    close,
  }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer !== undefined && answer.status !== 502 && answer.status !== 503
}
