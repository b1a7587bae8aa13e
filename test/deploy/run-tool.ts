import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Ended {
  /** `null`: killed by a signal, or at the deadline. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunToolOptions {
  readonly stdin?: string
  readonly cwd?: string
  /** Over the variables of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 60_000

/** Runs a program to its end. Rejects only where it cannot be started. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
  })
  // Not by spawn's own `timeout`, whose timer outlives a program that cannot be started.
  const deadline = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? TIMEOUT_MS)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  // A program that does not read its input to the end is no fault of ours.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  try {
    const output = [text(child.stdout), text(child.stderr)] as const
    const [code, stdout, stderr] = await Promise.all([ended, ...output])
    return { code, stdout, stderr }
  } finally {
    clearTimeout(deadline)
  }
}

/** The standard output of a program that succeeds. */
export async function runToolWell(
  program: string,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<string> {
  const ended = await runTool(program, args, options)
  if (ended.code === 0) return ended.stdout
  const said = `${ended.stderr}\n${ended.stdout}`.trim().slice(0, 2000)
  throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}:\n${said}`)
}
