import { readFile } from 'node:fs/promises'
import type { Answer, Call, Transcript } from './call.ts'
import { call } from './call.ts'
import type { Compose } from './compose.ts'
import { createCompose } from './compose.ts'
import { dig, digText } from './json.ts'
import type { Keycloak } from './keycloak.ts'
import { createKeycloak } from './keycloak.ts'

/** All that the compose file brings up, and the ways to ask it. */
export interface House {
  readonly compose: Compose
  readonly keycloak: Keycloak
  readonly transcript: Transcript
  /** Of the Scopelift before OGX, e.g. `http://127.0.0.1:18322`. */
  readonly origin: string
  /** Of the Scopelift before Llama Stack 0.2.23. */
  readonly legacyOrigin: string
  /** A request to Scopelift from outside. */
  call(request: Call): Promise<Answer>
  callLegacy(request: Call): Promise<Answer>
  /** The same request to OGX itself, from inside its container: nothing of ours is in between. */
  askOgx(request: Call): Promise<Answer>
  /** What Scopelift's admin listener answers; `path` is `/readyz`, `/metrics` … */
  askAdmin(path: string): Promise<string>
  /** The client secret and the administrator's password, as they stand in their volumes. */
  readSecrets(): Promise<readonly string[]>
  writeClientSecret(secret: string): Promise<void>
  build(): Promise<void>
  /** Starts what is not running, and waits until all is healthy. */
  up(): Promise<void>
  /** Takes everything away, volumes too. */
  down(): Promise<void>
}

export interface HouseOptions {
  readonly project: string
  readonly keycloakPort: number
  readonly scopeliftPort: number
  readonly legacyPort: number
  readonly transcript: Transcript
  /** Ends building and starting; taking down is never interrupted. */
  readonly signal: AbortSignal
}

const BUILD_TIMEOUT_MS = 1_800_000
const UP_TIMEOUT_MS = 900_000

export function createHouse(options: HouseOptions): House {
  const compose = createCompose({ project: options.project, settings: toSettings(options) })
  const { signal } = options
  const origin = `http://127.0.0.1:${options.scopeliftPort}`
  const legacyOrigin = `http://127.0.0.1:${options.legacyPort}`
  const record = async (answer: Promise<Answer>) => {
    const received = await answer
    options.transcript.add(JSON.stringify(received.fields))
    options.transcript.add(received.body.toString('utf8'))
    return received
  }
  return {
    compose,
    origin,
    legacyOrigin,
    transcript: options.transcript,
    keycloak: createKeycloak({
      origin: `http://localhost:${options.keycloakPort}`,
      realm: 'authentication-demo',
      clientId: 'authentication-demo',
      readAdminPassword: () => readInside(compose, 'keycloak', '/run/admin/admin-password'),
    }),
    call: (request) => record(call(origin, request)),
    callLegacy: (request) => record(call(legacyOrigin, request)),
    askOgx: (request) => askOgx(compose, request),
    askAdmin: (path) => compose.exec('scopelift', ['node', '-e', ASK_ADMIN, path]),
    readSecrets: () =>
      Promise.all([
        readInside(compose, 'keycloak', '/run/scopelift/client-secret'),
        readInside(compose, 'keycloak', '/run/admin/admin-password'),
      ]),
    async writeClientSecret(secret) {
      const replace = ['--replace', '/client/client-secret']
      await compose.run(['run', '--rm', '-T', '--no-deps', 'secrets', ...replace], {
        input: secret,
      })
    },
    async build() {
      await compose.run(['build'], { timeoutMs: BUILD_TIMEOUT_MS, signal })
    },
    async up() {
      const up = ['up', '--detach', '--wait', '--quiet-pull']
      await compose.run(up, { timeoutMs: UP_TIMEOUT_MS, signal })
    },
    async down() {
      await compose.run(['down', '--volumes', '--remove-orphans', '--timeout', '5'], {
        timeoutMs: 180_000,
      })
    },
  }
}

function toSettings(options: HouseOptions): Readonly<Record<string, string>> {
  return {
    KEYCLOAK_PORT: String(options.keycloakPort),
    SCOPELIFT_PORT: String(options.scopeliftPort),
    SCOPELIFT_LEGACY_PORT: String(options.legacyPort),
    LOG_LEVEL: 'debug',
  }
}

const ASK_ADMIN =
  "fetch('http://127.0.0.1:8323' + process.argv[1]).then((r) => r.text()).then((t) => process.stdout.write(t))"

async function readInside(compose: Compose, service: string, file: string): Promise<string> {
  const text = await compose.exec(service, ['bash', '-c', 'printf %s "$(<"$0")"', file])
  return text.trim()
}

async function askOgx(compose: Compose, request: Call): Promise<Answer> {
  const script = await readFile(new URL('inside/ask-ogx.py', import.meta.url), 'utf8')
  // The token goes in by standard input: an argument would show in the list of processes.
  const text = await compose.exec('ogx', ['python', '-c', script], JSON.stringify(request))
  const answer: unknown = JSON.parse(text)
  const fields = dig(answer, 'fields')
  if (!Array.isArray(fields)) throw new Error('no field lines came back')
  return {
    status: Number(dig(answer, 'status')),
    fields: fields.map((field) => [digText(field, 0), digText(field, 1)]),
    body: Buffer.from(digText(answer, 'body'), 'base64'),
    outcome: undefined,
  }
}
