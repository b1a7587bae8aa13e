import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { REQUIRED } from './config/config-fixture.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const { PATH } = process.env
const LOADER = import.meta.resolve('tsx')
// Both listeners take a free port, and Keycloak's is one where nobody listens.
const SERVED = {
  ...REQUIRED,
  KEYCLOAK_SERVER_URL: 'http://127.0.0.1:9',
  KEYCLOAK_AUDIENCE: 'a',
  PORT: '0',
  ADMIN_PORT: '0',
}

const folder = mkdtempSync(join(tmpdir(), 'scopelift-main-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  nodeArgs: readonly string[] = [],
) {
  return spawn(process.execPath, ['--import', LOADER, ...nodeArgs, MAIN, ...args], {
    cwd: folder,
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
) {
  const child = start(args, env, nodeArgs)
  const exit = waitForExit(child)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { stdout, stderr, code: await exit }
}

/** Waits for `close`: at `exit` the last lines may still be in the pipe. */
async function waitForExit(child: ChildProcess): Promise<unknown> {
  const [code]: unknown[] = await once(child, 'close')
  return code
}

/** Starts the proxy and waits until it says where it listens. */
async function serve(env: Readonly<Record<string, string>> = {}, nodeArgs: readonly string[] = []) {
  const child = start([], { ...SERVED, ...env }, nodeArgs)
  const exit = waitForExit(child)
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  const address = new Promise<{ url: string; adminUrl: string }>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line)
      if (line.includes('scopelift listening')) resolve(JSON.parse(line))
    })
  })
  return { child, exit, lines, ...(await address) }
}

t.test('a reader that has gone is no crash', async (t) => {
  for (const args of [['--help'], ['--version']]) {
    const child = start(args, {})
    child.stdout.destroy()
    const exit = waitForExit(child)
    t.equal(await text(child.stderr), '')
    t.equal(await exit, 1)
  }
})

t.test('--help and --version answer on standard output', async (t) => {
  const help = await run(['--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /^Usage: scopelift/)
  t.equal(help.stderr, '')
  const version = await run(['--version'])
  t.equal(version.code, 0)
  t.match(version.stdout, /^scopelift \d+\.\d+\.\d+\n$/)
})

t.test('a wrong command line is 64, with the usage on standard error', async (t) => {
  for (const args of [['frobnicate'], ['--frobnicate'], ['health', 'now']]) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 64)
    t.equal(stdout, '')
    t.match(stderr, /^scopelift: (unknown|health takes options only).*\nUsage: scopelift/)
    t.notMatch(stderr, /frobnicate/)
  }
})

t.test('a wrong configuration is 78: every mistake on a line, no stack, no value', async (t) => {
  const { code, stdout, stderr } = await run([], { PORT: 'opaque', KEYCLOAK_REALM: 'demo' })
  t.equal(code, 78)
  t.equal(stdout, '')
  const variables = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':')[0])
  t.same(variables.sort(), [
    'KEYCLOAK_CLIENT_ID',
    'KEYCLOAK_CLIENT_SECRET',
    'KEYCLOAK_SERVER_URL',
    'PORT',
  ])
  t.notMatch(stderr, /opaque|at .*\.ts:/)
})

t.test('a policy that is broken at the start is 78', async (t) => {
  const file = join(folder, 'broken.yaml')
  writeFileSync(file, 'routes:\n  - match: { path: /v1 }\n    scops: [a]\n')
  const { code, stderr } = await run([], { ...SERVED, POLICY_FILE: file })
  t.equal(code, 78)
  t.match(stderr, /broken\.yaml|POLICY_FILE/)
  t.match(stderr, /\b3\b/)
  t.notMatch(stderr, /at .*\.ts:/)
})

t.test(
  'doctor, explain and config end with their exit codes, and say nothing of a secret',
  async (t) => {
    const config = await run(['config'], SERVED)
    t.equal(config.code, 0)
    t.match(config.stdout, /^# KEYCLOAK_CLIENT_SECRET is set \(environment\)$/m)
    t.equal((await run(['config'], {})).code, 78)
    const explained = await run(['explain', 'GET', '/v1/x', '--token', 'opaque'], SERVED)
    t.equal(explained.code, 0)
    t.match(explained.stdout, /^rule {6}none matches$/m)
    const doctor = await run(['doctor', '--token-file', 'missing'], SERVED)
    t.equal(doctor.code, 64)
    t.match(
      doctor.stderr,
      /^scopelift doctor: .*cannot be read \(ENOENT\): there is no such file.*\n$/,
    )
    const asked = await run(['doctor'], { ...SERVED, UPSTREAM_URL: 'http://127.0.0.1:9' })
    t.equal(asked.code, 1)
    t.match(asked.stdout, /\[keycloak-unreachable\]/)
    t.equal(asked.stderr, '')
    t.equal((await run(['doctor', '--json'], { PORT: 'x' })).code, 78)
    t.notMatch(config.stdout + asked.stdout, SERVED.KEYCLOAK_CLIENT_SECRET)
  },
)

t.test('a health check whose settings file cannot be read says so, without a stack', async (t) => {
  for (const args of [
    ['health', '--env-file', 'missing'],
    ['health', '--env-file', '.'],
  ]) {
    const { stderr, code } = await run(args, {}, ['--'])
    t.equal(code, 78, args.join(' '))
    t.match(stderr, /^scopelift health: --env-file: names a file that cannot be read \(.+\).*\n$/)
  }
})

t.test('it serves until SIGTERM, answers its health check, and exits with 0', async (t) => {
  const { child, exit, lines, adminUrl } = await serve()
  const ADMIN_PORT = new URL(adminUrl).port
  t.equal((await run(['health'], { ADMIN_PORT })).code, 0)
  child.kill('SIGTERM')
  t.equal(await exit, 0)
  t.match(lines.join('\n'), /"scopelift stopped"/)
  t.equal((await run(['health'], { ADMIN_PORT })).code, 1)
})

t.test('settings come from the .env file of the working directory', async (t) => {
  const path = join(folder, '.env')
  t.teardown(() => rmSync(path, { force: true }))
  writeFileSync(path, 'LOG_LEVEL=loud\nPORT=ignored\n')
  const { code, stderr } = await run([], SERVED)
  t.equal(code, 78)
  t.match(stderr, /^LOG_LEVEL: must be one of/)
  t.notMatch(stderr, /PORT/)
})

t.test('a port that is taken is 1, with one line that names port and variable', async (t) => {
  const other = createTcpServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const port = portOf(other.address())
  for (const name of ['PORT', 'ADMIN_PORT']) {
    const { code, stderr } = await run([], { ...SERVED, [name]: port })
    t.equal(code, 1, name)
    t.match(stderr, new RegExp(`^${name}: port ${port} of 127\\.0\\.0\\.1 is taken.*\n$`), name)
  }
})

t.test('a second signal does not wait for requests that still run: 1', async (t) => {
  const { child, exit, lines } = await serveWithOpenRequest(t)
  child.kill('SIGTERM')
  await waitForLine(lines, /scopelift stopping/)
  child.kill('SIGTERM')
  t.equal(await exit, 1)
})

t.test('after the grace the rest is cut: 0', async (t) => {
  const { child, exit, lines } = await serveWithOpenRequest(t, { SHUTDOWN_GRACE_MS: '50' })
  child.kill('SIGTERM')
  t.equal(await exit, 0)
  t.match(lines.join('\n'), /the shutdown grace is over/)
})

t.test('a crash is one line of the log, with its place: 1', async (t) => {
  const bomb = 'process.on("SIGUSR2", () => { throw new RangeError("boom") })'
  const { child, exit, lines } = await serve({}, [
    '--import',
    `data:text/javascript,${encodeURIComponent(bomb)}`,
  ])
  child.kill('SIGUSR2')
  t.equal(await exit, 1)
  const line: unknown = JSON.parse(lines.find((text) => text.includes('crashed')) ?? '')
  t.match(line, { level: 'fatal', err: { type: 'RangeError', message: 'boom' }, msg: 'crashed' })
  t.match(line, { stack: /RangeError: boom\n +at / })
})

/** An upstream that never answers, and a caller that waits for it. */
async function serveWithOpenRequest(
  t: { teardown(run: () => unknown): void },
  env: Readonly<Record<string, string>> = {},
) {
  const upstream = createServer().listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.teardown(() => {
    upstream.close()
    upstream.closeAllConnections()
  })
  const UPSTREAM_URL = `http://127.0.0.1:${portOf(upstream.address())}`
  const served = await serve({ UPSTREAM_URL, ...env })
  const asked = once(upstream, 'request')
  fetch(`${served.url}/v1/models`).catch(() => undefined)
  await asked
  return served
}

async function waitForLine(lines: readonly string[], pattern: RegExp): Promise<void> {
  while (!lines.some((line) => pattern.test(line))) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function portOf(address: string | AddressInfo | null): string {
  return typeof address === 'object' && address ? String(address.port) : ''
}

t.test('a diagnostic report, which shows the environment, does not hold the secret', async (t) => {
  const reports = mkdtempSync(join(folder, 'reports-'))
  const { child, exit } = await serve({ MARK: 'of the environment' }, [
    '--report-on-signal',
    `--report-directory=${reports}`,
  ])
  child.kill('SIGUSR2')
  // Node says where it has written.
  await once(child.stderr, 'data')
  child.kill('SIGTERM')
  t.equal(await exit, 0)
  const texts = readdirSync(reports).map((file) => readFileSync(join(reports, file), 'utf8'))
  t.equal(texts.length, 1)
  t.match(texts[0], '"MARK": "of the environment"')
  t.notMatch(texts[0], SERVED.KEYCLOAK_CLIENT_SECRET)
})
