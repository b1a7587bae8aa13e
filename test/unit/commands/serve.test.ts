import t from 'tap'
import type { ServedApp } from '../../../src/commands/serve.ts'
import { serve } from '../../../src/commands/serve.ts'
import { ConfigError } from '../../../src/config/config-error.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { noFile, REQUIRED } from '../config/config-fixture.ts'

const ADDRESSES = { url: 'http://127.0.0.1:8322', adminUrl: 'http://127.0.0.1:8323' }

/** Runs `serve` with an application that does as it is told; `lines` are the log's, `errors` those of the operator. */
function start(app: Partial<ServedApp>, env: Record<string, string> = {}) {
  const lines: string[] = []
  const errors: string[] = []
  const calls: string[] = []
  const stop = new AbortController()
  let announce: (() => void) | undefined
  const listening = new Promise<void>((resolve) => {
    announce = resolve
  })
  const destination = {
    write(line: string) {
      lines.push(line)
      if (line.includes('scopelift listening')) announce?.()
    },
  }
  const running = serve({
    config: loadConfig({ env: { ...REQUIRED, KEYCLOAK_AUDIENCE: 'a', ...env }, readFile: noFile }),
    log: createLogger({ level: 'info', destination }),
    signal: stop.signal,
    printError: (line) => void errors.push(line),
    createApp: async () => ({
      async listen() {
        calls.push('listen')
        return (await app.listen?.()) ?? ADDRESSES
      },
      async close() {
        calls.push('close')
        await app.close?.()
      },
    }),
  })
  const parse = (index: number): unknown => JSON.parse(lines[index] ?? '')
  return { running, stop, listening, lines, errors, calls, parse }
}

t.test('it announces its addresses in one line, and drains when it is told to stop', async (t) => {
  const { running, stop, listening, calls, lines, parse } = start({})
  await listening
  t.match(parse(0), {
    level: 'info',
    ...ADDRESSES,
    upstream: 'http://localhost:8321/',
    warnings: [],
    msg: 'scopelift listening',
  })
  t.equal(lines.length, 1)
  t.same(calls, ['listen'])
  stop.abort()
  t.equal(await running, 0)
  t.same(calls, ['listen', 'close'])
})

t.test('warnings of the configuration raise that line to a warning', async (t) => {
  const { running, stop, listening, parse } = start({}, { ALLOWED_SCOPES: '*' })
  await listening
  t.match(parse(0), { level: 'warn', warnings: [/^ALLOWED_SCOPES/] })
  stop.abort()
  await running
})

t.test('requests that outlive the grace do not change the exit code', async (t) => {
  const close = () => new Promise<void>(() => undefined)
  const { running, stop, listening, lines } = start({ close }, { SHUTDOWN_GRACE_MS: '1' })
  await listening
  stop.abort()
  t.equal(await running, 0)
  t.match(lines.at(-1), /the shutdown grace is over/)
})

t.test('a stop that comes while it starts is obeyed', async (t) => {
  const { running, stop, calls } = start({})
  stop.abort()
  t.equal(await running, 0)
  t.same(calls, ['listen', 'close'])
})

t.test('a close that fails is a failure', async (t) => {
  const close = async () => Promise.reject(new Error('stuck'))
  const { running, stop, listening, lines } = start({ close })
  await listening
  stop.abort()
  t.equal(await running, 1)
  t.match(lines.at(-1), /did not stop cleanly/)
})

t.test('an address that cannot be had is one line with its variables', async (t) => {
  const rows = [
    [
      { code: 'EADDRINUSE', port: 8322, address: '127.0.0.1' },
      /^PORT: port 8322 of 127\.0\.0\.1 is taken/,
    ],
    [
      { code: 'EADDRINUSE', port: 8323, address: '127.0.0.1' },
      /^ADMIN_PORT: port 8323 of .* is taken/,
    ],
    [{ code: 'EACCES', port: 8322 }, /^PORT: .* must not be opened by this user/],
    [{ code: 'EADDRNOTAVAIL', port: 8323 }, /^ADMIN_PORT: .* not one of this machine/],
    [{ code: 'ENOTFOUND', hostname: '127.0.0.1' }, /^PORT: .* the host name is unknown/],
  ] as const
  for (const [facts, line] of rows) {
    const listen = async () => Promise.reject(Object.assign(new Error('listen'), facts))
    const { running, errors, calls } = start({ listen })
    t.equal(await running, 1)
    t.equal(errors.length, 1)
    t.match(errors[0], line)
    t.same(calls, ['listen', 'close'], 'what was opened is closed')
  }
})

t.test('any other failure to listen is thrown, after what was opened is closed', async (t) => {
  const { running, calls } = start({ listen: async () => Promise.reject(new Error('odd')) })
  await t.rejects(running, { message: 'odd' })
  t.same(calls, ['listen', 'close'])
})

t.test('a configuration that the application refuses is thrown', async (t) => {
  const error = new ConfigError([{ variable: 'POLICY_FILE', reason: 'line 3: unknown key' }])
  t.equal(error.message, 'POLICY_FILE: line 3: unknown key')
  const running = serve({
    config: loadConfig({ env: REQUIRED, readFile: noFile }),
    log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
    signal: new AbortController().signal,
    printError: () => undefined,
    createApp: async () => Promise.reject(error),
  })
  await t.rejects(running, error)
})
