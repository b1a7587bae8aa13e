import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import type { Check } from '../../e2e/check.ts'
import type { House } from '../house.ts'

const EXIT_USAGE = 64
const EXIT_CONFIG = 78

/** Variables in which a secret was put by mistake, in a way that stops the start. */
const WRONG_PLACES: Readonly<Record<string, (secret: string) => string>> = {
  KEYCLOAK_CLIENT_SECRET_FILE: (secret) => secret,
  KEYCLOAK_SERVER_URL: (secret) => `https://admin:${secret}@keycloak.example`,
  KEYCLOAK_ISSUER: (secret) => `https://keycloak.example/?${secret}`,
  UPSTREAM_URL: (secret) => `http://user:${secret}@localhost:8321`,
  PORT: (secret) => secret,
  ADMIN_PORT: (secret) => secret,
  EXCHANGE_TIMEOUT_MS: (secret) => `${secret} ms`,
  REPLAY_MAX_BYTES: (secret) => secret,
  KEYCLOAK_AUTH_METHOD: (secret) => secret,
  ALLOW_INSECURE_KEYCLOAK: (secret) => secret,
  ALLOWED_SCOPES: (secret) => `"${secret}"`,
  READY_REQUIRES: (secret) => secret,
  TRUSTED_PROXIES: (secret) => secret,
  LOG_LEVEL: (secret) => secret,
  CA_FILE: (secret) => secret,
  POLICY_FILE: (secret) => secret,
  LLAMA_STACK_CONFIG: (secret) => secret,
}

/** Policies and configurations that are wrong in the way that a parser likes to quote. */
const BROKEN_YAML: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `key: *${secret}`,
  (secret) => `key: !${secret} x`,
  (secret) => `key: |${secret}\n  text`,
  (secret) => `key: >${secret}\n  text`,
  (secret) => `key: "${secret}`,
  (secret) => `key: @${secret}`,
  (secret) => `key: "\\q${secret}"`,
  (secret) => `key: x: ${secret}`,
  (secret) => `%YAML ${secret}\n---\nx: 1`,
  (secret) => `%TAG ${secret}\n---\nx: 1`,
  (secret) => `&${secret} &${secret} x`,
  (secret) => `key: [\n- ${secret}`,
  (secret) => `routes:\n  - match: ${secret}\n    scopes: ${secret}`,
  (secret) => `routes:\n  - path: /v1/x\n    methods: [${secret}]\n    scopes: ["${secret} x"]`,
]

/** Starts that fail on purpose: each mistake is told, and no value is. */
export function startChecks(house: House): readonly Check[] {
  const plant = () => house.needles.plant('a secret in a wrong place')
  const refuse = (name: string, env: Readonly<Record<string, string | undefined>>) =>
    house.expectExit(EXIT_CONFIG, { name, env })
  return [
    {
      sentence: 'a secret in the place of any other setting: exit 78',
      async run() {
        for (const [variable, misplace] of Object.entries(WRONG_PLACES)) {
          await refuse(`misplaced in ${variable}`, { [variable]: misplace(plant()) })
        }
      },
    },
    {
      sentence: 'the secret twice, missing, empty, or in a folder: exit 78',
      async run() {
        await refuse('secret twice', { KEYCLOAK_CLIENT_SECRET: plant() })
        await refuse('no secret', { KEYCLOAK_CLIENT_SECRET_FILE: undefined })
        const empty = await house.file(plant(), '\n')
        await refuse('empty secret', { KEYCLOAK_CLIENT_SECRET_FILE: empty })
        await refuse('folder', { KEYCLOAK_CLIENT_SECRET_FILE: dirname(empty) })
      },
    },
    {
      sentence: 'broken policies and configurations that hold secrets: exit 78',
      async run() {
        for (const [index, write] of BROKEN_YAML.entries()) {
          const file = await house.file('file.yaml', write(plant()))
          await refuse(`broken policy ${index}`, { POLICY_FILE: file })
          // What OGX alone would refuse is not judged: then it starts, and is stopped.
          await startsOrNot(house, `broken configuration ${index}`, { LLAMA_STACK_CONFIG: file })
        }
      },
    },
    {
      sentence: 'a certificate file that holds a key instead: exit 78',
      async run() {
        const pem = `-----BEGIN PRIVATE KEY-----\n${plant()}\n-----END PRIVATE KEY-----\n`
        await refuse('key as CA_FILE', { CA_FILE: await house.file('ca.pem', pem) })
      },
    },
    {
      sentence: 'secrets on the command line: exit 64; in a broken .env file: exit 78',
      async run() {
        for (const args of [[plant()], [`--client-secret=${plant()}`], ['serve', plant()]]) {
          await house.expectExit(EXIT_USAGE, { name: 'command line', args })
        }
        const cwd = dirname(await house.file('.env', `PORT=${plant()}\n${plant()}\nX="${plant()}`))
        const env = { PORT: undefined }
        await house.expectExit(EXIT_CONFIG, { name: '.env', cwd, env, ours: ['.env'] })
      },
    },
    {
      sentence: 'the port is taken: exit 1',
      async run() {
        const server = createServer().listen(0, '127.0.0.1')
        await once(server, 'listening')
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? String(address.port) : ''
        await house.expectExit(1, { name: 'port taken', env: { PORT: port } })
        server.close()
      },
    },
    {
      sentence: 'misspelled variables that hold secrets are warned of by name',
      run: () => {
        const env = { KEYCLOAK_CLIENT_SECRT: plant(), KEYCLOAK_CLIENT_ID_FILE: plant() }
        return house.withScopelift({ name: 'misspelled', env }, async () => undefined)
      },
    },
  ]
}

async function startsOrNot(
  house: House,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await house.withScopelift({ name, env, mayEnd: EXIT_CONFIG }, async () => undefined)
}
