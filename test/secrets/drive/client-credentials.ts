import { rm, writeFile } from 'node:fs/promises'
import type { Check } from '../../e2e/check.ts'
import { createTestKey } from '../../support/client-keys.ts'
import { REQUESTER } from '../../support/demo-servers.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import type { Running } from '../running.ts'
import { until } from './keycloak.ts'
import { expectOutcome } from './outcomes.ts'

const EXIT_CONFIG = 78
const SCOPE = 'llama:agent_create'

/** Keys and assertions in place of a secret: sent, refused, broken, taken away, and in a place where they do not belong. */
export function clientCredentialChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'a private key signs, in the environment and in a file, and breaks while running',
      async run() {
        const method = { KEYCLOAK_AUTH_METHOD: 'private_key_jwt' }
        addAssertionsOfKeys(house)
        await run(house, 'key', { ...method, KEYCLOAK_CLIENT_KEY: plantKey(house) }, refused(house))
        const file = await house.file('key', plantKey(house))
        const env = { ...method, KEYCLOAK_CLIENT_KEY_FILE: file }
        await run(house, 'key file', env, async (running) => {
          await refused(house)(running)
          await writeFile(file, plantKey(house))
          await until(() => running.program.stdout().includes('read anew'))
          await refused(house)(running)
          await breakFile(running, file, plantKey(house).replace('PRIVATE', 'SECRET'))
        })
      },
    },
    {
      sentence: 'a federated token is sent, repeated by Keycloak, and breaks while running',
      async run() {
        const file = await house.file('assertion', await plantAssertion(house))
        const env = {
          KEYCLOAK_AUTH_METHOD: 'federated_jwt',
          KEYCLOAK_CLIENT_ASSERTION_FILE: file,
        }
        await run(house, 'assertion', env, async (running) => {
          await refused(house)(running)
          const assertion = await plantAssertion(house)
          await writeFile(file, assertion)
          const words = { error: 'invalid_client', error_description: assertion }
          const body = JSON.stringify(words)
          house.authorizationServer.faults.always({ kind: 'answer', status: 400, body })
          await refused(house)(running).finally(() => house.authorizationServer.faults.clear())
          await breakFile(running, file, (await plantAssertion(house)).split('.').join('|'))
        })
      },
    },
    {
      sentence:
        'keys and assertions that are wrong at the start, or in the place of a name: exit 78',
      async run() {
        const method = { KEYCLOAK_AUTH_METHOD: 'private_key_jwt' }
        const key = plantKey(house)
        const wrong: Readonly<Record<string, string>>[] = [
          { ...method, KEYCLOAK_CLIENT_KEY: key.slice(0, -60) },
          { ...method, KEYCLOAK_CLIENT_KEY: key, KEYCLOAK_CLIENT_KEY_ALG: 'EdDSA' },
          { ...method, KEYCLOAK_CLIENT_KEY: key, KEYCLOAK_CLIENT_KEY_ALG: key },
          { ...method, KEYCLOAK_CLIENT_KEY_FILE: key },
          { KEYCLOAK_AUTH_METHOD: key },
          { KEYCLOAK_TLS_CERT_FILE: key, KEYCLOAK_TLS_KEY_FILE: await house.file('k', key) },
        ]
        for (const [index, env] of wrong.entries()) {
          await house.expectExit(EXIT_CONFIG, { name: `wrong credential ${index}`, env })
        }
      },
    },
  ]
}

/** A short time limit, and an upstream that wants what only an exchange gives. */
function run(
  house: House,
  name: string,
  env: Readonly<Record<string, string>>,
  work: (running: Running) => Promise<void>,
): Promise<void> {
  return house.withScopelift(
    { name, env: { KEYCLOAK_CLIENT_SECRET_FILE: undefined, ...env } },
    (running) => {
      house.behave((req, res) => {
        if (requireScope(req, res, SCOPE)) res.end('granted')
      })
      return work(running)
    },
  )
}

/** This authorization server knows secrets only: whatever else is sent to it is read, and refused. */
function refused(house: House): (running: Running) => Promise<void> {
  return async (running) => expectOutcome(house, running, 'exchange-refused', await house.token())
}

async function breakFile(running: Running, file: string, text: string): Promise<void> {
  await writeFile(file, text)
  await until(async () => /_FILE: /.test(await running.ask('/readyz')))
  await rm(file)
  await until(async () => /cannot be read/.test(await running.ask('/readyz')))
}

/** A fresh key as PEM. Each of its lines is looked for, and each of its numbers. */
function plantKey({ needles }: House): string {
  const { pem, jwk } = createTestKey('rsa')
  for (const line of pem.split('\n')) {
    if (/^[\w+/=]{20,}$/.test(line)) needles.addSecret('a line of a private key', line)
  }
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
    needles.addToken('a number of a private key', `.${String(jwk[name])}`)
  }
  return pem
}

/** What is the same in each assertion that we sign: issuer and subject, which no output should have in this form. */
function addAssertionsOfKeys({ needles, authorizationServer }: House): void {
  const aud = `${authorizationServer.url}/realms/${authorizationServer.realm}`
  const claims = JSON.stringify({ iss: REQUESTER, sub: REQUESTER, aud })
  const payload = Buffer.from(claims.slice(0, -1)).toString('base64url')
  needles.addToken('an assertion of ours', `.${payload.slice(0, -2)}`)
}

/** A token of somebody else, of the kind that Kubernetes projects. */
async function plantAssertion({ needles, authorizationServer }: House): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 3_600
  const jti = needles.plant('the id of an assertion')
  const assertion = await authorizationServer.keys.sign({ jti, sub: 'system:serviceaccount', exp })
  needles.addToken('an assertion of Kubernetes', assertion)
  return assertion
}
