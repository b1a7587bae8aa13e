import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Ended {
  /** `null`: killed by a signal, or at the deadline. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const DEADLINE_MS = 300_000

/** Runs a program to its end, within five minutes. Rejects only where it cannot be started. */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd = '.',
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}
