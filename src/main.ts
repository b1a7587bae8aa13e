import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command, InspectionCommand } from './commands/parse-arguments.ts'
import { parseArguments } from './commands/parse-arguments.ts'
import type { Config } from './config/config.ts'
import { readRegularFile } from './config/read-regular-file.ts'
import { parseJsonObject } from './json-object.ts'
import type { Log } from './observability/logger.ts'

const EXIT_FAILURE = 1
// sysexits.h: EX_USAGE and EX_CONFIG.
const EXIT_USAGE = 64
const EXIT_CONFIG = 78

const HEALTH_TIMEOUT_MS = 2000

// A fault of the machine code cannot be handled in JavaScript; `beforeExit` is no reason to stop.
const UNHANDLED_EVENTS = [
  'beforeExit',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGUSR2',
] as const

const command = parseArguments(process.argv.slice(2))
// Whoever reads it may have seen enough: `| head`. A server goes on without its log.
process.stdout.on('error', () => {
  if (command.kind !== 'serve') process.exit(EXIT_FAILURE)
})
const exitCode = await run(command)
// Whatever a server that did not close in time still holds open must not keep the process.
if (command.kind === 'serve') process.exit(exitCode)
process.exitCode = exitCode

// Each command is loaded when it is asked for: a health check must not wait for the proxy's modules.
async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'serve':
      return runServe(command.envFile)
    case 'health':
      return runHealth(command.envFile)
    case 'config':
    case 'doctor':
    case 'explain':
      return runInspection(command)
    case 'help': {
      const { createUsage } = await import('./commands/usage.ts')
      process.stdout.write(createUsage())
      return 0
    }
    case 'version':
      process.stdout.write(`scopelift ${readVersion()}\n`)
      return 0
    case 'mistake': {
      const { SHORT_USAGE } = await import('./commands/usage.ts')
      printError(`scopelift: ${command.reason}\n${SHORT_USAGE.trimEnd()}`)
      return EXIT_USAGE
    }
  }
}

function runServe(envFile: string | undefined): Promise<number> {
  return reportingMistakes(async () => {
    const { loadConfig } = await import('./config/load-config.ts')
    const config = loadConfig({ env: process.env, readFile, envFile: envFile ?? findEnvFile() })
    await forgetSecretVariables()
    return serveUntilStopped(config)
  })
}

/** What the operator has to correct is printed, and is no crash. */
async function reportingMistakes(work: () => Promise<number>): Promise<number> {
  const { ConfigError } = await import('./config/config-error.ts')
  const { PolicyLoadError } = await import('./policy/policy-source.ts')
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof PolicyLoadError)) throw error
    printError(error.message)
    return EXIT_CONFIG
  }
}

/** They have been read: a diagnostic report of Node would show them. Only a secret from a file is never there. */
async function forgetSecretVariables(): Promise<void> {
  const { isSecretSetting } = await import('./config/settings-schema.ts')
  for (const name of Object.keys(process.env)) {
    if (isSecretSetting(name)) delete process.env[name]
  }
}

async function serveUntilStopped(config: Config): Promise<number> {
  const { default: closeWithGrace } = await import('close-with-grace')
  const { createLogger, flushLog } = await import('./observability/logger.ts')
  const log = createLogger({ level: config.logLevel })
  // Before pino's own listener, which writes out what has been handed to it, and nothing after that.
  process.prependOnceListener('exit', () => log.flush())
  const stop = new AbortController()
  const served = startServing(config, log, stop.signal).finally(() => flushLog(log))
  const handlers = closeWithGrace(
    {
      // The grace is `serve`'s own: when it is over the exit code is 0, close-with-grace would make it 1.
      delay: false,
      logger: false,
      skip: [...UNHANDLED_EVENTS],
      onSecondSignal: () => log.warn('second signal: requests that still run are cut'),
      onSecondError: (error) => logCrash(log, error),
    },
    async ({ err }) => {
      if (err) return logCrash(log, err)
      stop.abort()
      if ((await served) !== 0) throw new Error('not stopped cleanly')
    },
  )
  return served.finally(() => handlers.uninstall())
}

async function startServing(config: Config, log: Log, signal: AbortSignal): Promise<number> {
  const { serve } = await import('./commands/serve.ts')
  const { createApp } = await import('./app.ts')
  return serve({
    config,
    log,
    signal,
    createApp: (settings, tools) => createApp(settings, { ...tools, env: process.env }),
    printError,
  })
}

function logCrash(log: Log, error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined
  log.fatal({ err: error, stack }, 'crashed')
}

async function runHealth(envFile: string | undefined): Promise<number> {
  const { readVariables } = await import('./config/read-variables.ts')
  const { findAdminUrl } = await import('./commands/admin-url.ts')
  const { readText } = await import('./config/read-text.ts')
  const path = envFile ?? findEnvFile()
  const file = path === undefined ? undefined : readText(readFile, path)
  if (file?.kind === 'unreadable') {
    const { describeUnreadable } = await import('./config/describe-unreadable.ts')
    printError(`scopelift health: --env-file: names a file that ${describeUnreadable(file)}`)
    return EXIT_CONFIG
  }
  const variables = readVariables(process.env, file?.text)
  const adminUrl = findAdminUrl(variables)
  if (adminUrl === undefined) {
    printError(
      'scopelift health: ADMIN_HOST and ADMIN_PORT must name an address and a port of their own',
    )
    return EXIT_FAILURE
  }
  const { health } = await import('./commands/health.ts')
  return health({ adminUrl, timeoutMs: HEALTH_TIMEOUT_MS, print: printLine, printError })
}

async function runInspection(command: InspectionCommand): Promise<number> {
  const { inspect } = await import('./commands/inspect.ts')
  const { SecretInputError } = await import('./commands/secret-input.ts')
  try {
    return await reportingMistakes(() =>
      inspect(command, {
        env: process.env,
        readFile,
        envFile: command.envFile ?? findEnvFile(),
        input: { stream: process.stdin, readFile, prompt: (text) => process.stderr.write(text) },
        now: Date.now,
        print: printLine,
      }),
    )
  } catch (error) {
    if (!(error instanceof SecretInputError)) throw error
    printError(`scopelift ${command.kind}: ${error.message}`)
    return EXIT_USAGE
  }
}

function findEnvFile(): string | undefined {
  return existsSync('.env') ? '.env' : undefined
}

function readFile(path: string, maxBytes?: number): string {
  return readRegularFile(path, maxBytes)
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

function printError(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The bundle has its version built in; the sources find it in the package. */
function readVersion(): string {
  const builtIn = process.env['SCOPELIFT_VERSION']
  if (builtIn !== undefined) return builtIn
  const path = fileURLToPath(new URL('../package.json', import.meta.url))
  const { version } = { version: 'unknown', ...parseJsonObject(readFile(path)) }
  return String(version)
}
