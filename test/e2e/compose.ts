import { spawn } from 'node:child_process'

export interface Compose {
  /** Runs `docker compose …` on the project's own file; rejects when it fails. Resolves with its standard output. */
  run(args: readonly string[], options?: RunOptions): Promise<string>
  /** Runs a program inside a running service. */
  exec(service: string, command: readonly string[], input?: string): Promise<string>
  /** The container of a service, as `docker inspect` tells of it. */
  inspect(service: string): Promise<string>
}

export interface RunOptions {
  readonly input?: string
  readonly timeoutMs?: number
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface ComposeOptions {
  readonly project: string
  /** Settings that the compose file reads; they win over a `.env` beside it. */
  readonly settings: Readonly<Record<string, string>>
}

const DEFAULT_TIMEOUT_MS = 120_000
const EXEC_TIMEOUT_MS = 240_000

export function createCompose({ project, settings }: ComposeOptions): Compose {
  const env = { ...process.env, ...settings }
  const compose = ['compose', '--project-name', project, '--profile', 'legacy', '--ansi', 'never']
  const run: Compose['run'] = (args, options) =>
    runDocker([...compose, ...args], { ...options, env })
  return {
    run,
    exec: (service, command, input = '') =>
      run(['exec', '-T', service, ...command], { input, timeoutMs: EXEC_TIMEOUT_MS }),
    async inspect(service) {
      const id = (await run(['ps', '--all', '--quiet', service])).trim()
      return runDocker(['inspect', id], { env })
    },
  }
}

/** Runs `docker …` in a process group of its own, so that a Ctrl-C does not stop it half-way. */
export function runDocker(
  args: readonly string[],
  options: RunOptions & { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { input = '', timeoutMs = DEFAULT_TIMEOUT_MS, signal, env } = options
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, {
      detached: true,
      timeout: timeoutMs,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    // Only then is it gone: what comes next must not run beside it.
    child.once('close', (code) => {
      if (failure !== undefined) return reject(failure)
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'))
      const said = Buffer.concat(err.length > 0 ? err : out).toString('utf8')
      reject(
        new Error(`docker ${args.slice(0, 12).join(' ')} ended with ${code}\n${said.slice(-1000)}`),
      )
    })
    // A program that does not read its input may be gone before it is written.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
