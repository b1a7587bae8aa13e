import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseLogLine } from '../../demo/audit-line.ts'

/** `dist/scopelift.js` as a process of its own, of which every octet of output is kept. */
export interface Program {
  /** Resolves at the start line, rejects where the process ends before. */
  readonly listening: Promise<{ readonly url: string; readonly adminUrl: string }>
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  readonly stdout: () => string
  readonly stderr: () => string
  signal(name: 'SIGTERM' | 'SIGUSR2'): void
}

export interface ProgramOptions {
  /** The whole environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly args?: readonly string[]
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[]
}

const PROGRAM = fileURLToPath(new URL('../../dist/scopelift.js', import.meta.url))
const LIFE_MS = 120_000

export function startProgram({ env, cwd, args = [], nodeArgs = [] }: ProgramOptions): Program {
  const child = spawn(process.execPath, [...nodeArgs, PROGRAM, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIFE_MS,
    killSignal: 'SIGKILL',
  })
  const stdout = gather(child.stdout)
  const stderr = gather(child.stderr)
  const ended = waitForEnd(child)
  const listening = Promise.race([
    untilListening(child, stdout),
    ended.then((code) => Promise.reject(new Error(`Scopelift ended with ${code} at its start`))),
  ])
  // Whoever expects the start to fail does not ask for it.
  listening.catch(() => undefined)
  return { listening, ended, stdout, stderr, signal: (name) => void child.kill(name) }
}

async function waitForEnd(child: ChildProcess): Promise<number | string> {
  const [code, signal]: unknown[] = await once(child, 'close')
  return typeof code === 'number' ? code : String(signal)
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

function untilListening(
  child: ChildProcess,
  stdout: () => string,
): Promise<{ url: string; adminUrl: string }> {
  return new Promise((resolve) => {
    child.stdout?.on('data', () => {
      for (const text of stdout().split('\n').slice(0, -1)) {
        const line = parseLogLine(text)
        if (line.kind === 'listening') resolve(line)
      }
    })
  })
}
