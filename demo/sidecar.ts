import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { AuditLine } from './audit-line.ts'
import { parseLogLine } from './audit-line.ts'

/** The real Scopelift, in a process of its own, as users run it. */
export interface Sidecar {
  readonly url: string
  readonly adminUrl: string
  /** Resolves with the exit code when the process has ended, asked or not. */
  readonly exited: Promise<number | null>
  /** Forgets the audit lines that nobody read. */
  skipAudits(): void
  /** The next audit line, or `undefined` where none comes within 5 s. */
  nextAudit(): Promise<AuditLine | undefined>
  close(): Promise<void>
}

export interface SidecarOptions {
  /** The whole environment of the process: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Where it runs: a folder without a `.env` file. */
  readonly cwd: string
  /** None: `dist/scopelift.js`. */
  readonly program?: string
}

/** The demo cannot go on, and this is why, with the remedy. */
export class DemoError extends Error {
  override name = 'DemoError'
}

const BUILT_PROGRAM = fileURLToPath(new URL('../dist/scopelift.js', import.meta.url))
const START_DEADLINE_MS = 15_000
const AUDIT_DEADLINE_MS = 5000
const STOP_DEADLINE_MS = 5000

/** Starts `dist/scopelift.js` and waits until `/healthz` answers. Rejects with a `DemoError`. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { env, cwd, program = BUILT_PROGRAM } = options
  await access(program).catch(() => {
    throw new DemoError('dist/scopelift.js is missing. Build it first: npm run build')
  })
  const child = spawn(process.execPath, [program], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
  const log = readLog(child)
  try {
    const { url, adminUrl } = await Promise.race([
      log.listening,
      exited.then((code) => Promise.reject(new DemoError(whyExited(code, log.errors())))),
      late('Scopelift did not say within 15 s that it listens'),
    ])
    await untilHealthy(adminUrl)
    return { url, adminUrl, exited, ...log, close: () => stop(child, exited) }
  } catch (error) {
    await stop(child, exited)
    throw error
  }
}

function readLog(child: ChildProcess) {
  const audits: AuditLine[] = []
  let errors = ''
  let wake = () => {}
  const listening = new Promise<{ url: string; adminUrl: string }>((resolve) => {
    const { stdout } = child
    if (stdout === null) return
    createInterface({ input: stdout }).on('line', (text) => {
      const line = parseLogLine(text)
      if (line.kind === 'listening') resolve(line)
      if (line.kind !== 'audit') return
      audits.push(line.audit)
      if (audits.length > 100) audits.shift()
      wake()
    })
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-4000)
  })
  return {
    listening,
    errors: () => errors.trim(),
    skipAudits: () => void audits.splice(0),
    async nextAudit() {
      if (audits.length === 0) {
        const arrived = new Promise<void>((resolve) => {
          wake = resolve
        })
        await Promise.race([arrived, wait(AUDIT_DEADLINE_MS, undefined, { ref: false })])
      }
      return audits.shift()
    },
  }
}

function whyExited(code: number | null, errors: string): string {
  const ending = `Scopelift ended at its start with exit code ${code}`
  return errors === '' ? ending : `${ending}:\n${errors}`
}

async function late(sentence: string): Promise<never> {
  await wait(START_DEADLINE_MS, undefined, { ref: false })
  throw new DemoError(sentence)
}

async function untilHealthy(adminUrl: string): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS)
  while (!deadline.aborted) {
    const answer = await fetch(`${adminUrl}/healthz`, { signal: deadline }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await wait(50)
  }
  throw new DemoError('Scopelift’s /healthz did not answer within 15 s')
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  await exited
  clearTimeout(timer)
}
