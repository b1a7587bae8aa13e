import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Log } from '../observability/logger.ts'
import { describeListenFailure } from './listen-failure.ts'

/** What `serve` needs of the application that it runs. */
export interface ServedApp {
  listen(): Promise<{ readonly url: string; readonly adminUrl: string }>
  /** Takes no new connections and resolves when the accepted requests have ended. */
  close(): Promise<void>
}

export interface ServeOptions {
  readonly config: Config
  readonly log: Log
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal
  readonly createApp: (config: Config, tools: { readonly log: Log }) => Promise<ServedApp>
  /** Takes one line for the operator, without its line end. */
  readonly printError: (line: string) => void
}

/**
 * Runs the application until `signal`, then lets accepted requests end within SHUTDOWN_GRACE_MS. Returns the exit code;
 * what then still runs is cut by the process's end. Rejects with what `createApp` throws.
 */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, log, signal, printError } = options
  const app = await options.createApp(config, { log })
  try {
    announce(await app.listen(), options)
  } catch (error) {
    await closeWithin(app, config.shutdownGraceMs)
    const line = describeListenFailure(error, config)
    if (line === undefined) throw error
    printError(line)
    return 1
  }
  if (!signal.aborted) await once(signal, 'abort')
  log.info('scopelift stopping')
  return drain(app, options)
}

async function drain(app: ServedApp, { config, log }: ServeOptions): Promise<number> {
  try {
    if (await closeWithin(app, config.shutdownGraceMs)) log.info('scopelift stopped')
    else log.warn('the shutdown grace is over: requests that still run are cut')
    return 0
  } catch (error) {
    log.error({ err: error }, 'scopelift did not stop cleanly')
    return 1
  }
}

/** Whether everything was closed in time. */
async function closeWithin(app: ServedApp, graceMs: number): Promise<boolean> {
  const closed = new AbortController()
  const grace = sleep(graceMs, false, { signal: closed.signal })
  try {
    return await Promise.race([app.close().then(() => true), grace])
  } finally {
    grace.catch(() => undefined)
    closed.abort()
  }
}

function announce(addresses: { url: string; adminUrl: string }, { config, log }: ServeOptions) {
  const { warnings, upstream } = config
  const fields = { ...addresses, upstream: upstream.url.href, warnings }
  if (warnings.length > 0) log.warn(fields, 'scopelift listening')
  else log.info(fields, 'scopelift listening')
}
