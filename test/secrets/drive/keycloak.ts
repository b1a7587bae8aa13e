import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Endpoint, Fault } from '../../../demo/authorization-server/faults.ts'
import type { Check } from '../../e2e/check.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import type { Running } from '../running.ts'
import { expectOutcome } from './outcomes.ts'

const SCOPE = 'llama:agent_create'

/** `(status, error, description)`: every branch that judges an answer; each description is followed by token and secret. */
const REFUSALS_OF_A_CALLER = [
  [400, 'invalid_request', 'Invalid token'],
  [400, 'invalid_request', 'Parameter is longer than allowed'],
  [400, 'invalid_request', 'Requested audience not available: '],
  [400, 'invalid_request', 'something else'],
  [400, 'invalid_scope', 'Missing consents'],
  [400, 'invalid_scope', 'something else'],
  [400, 'of_nobody', ''],
  [403, 'access_denied', ''],
  [418, 'teapot', ''],
] as const

const FAULTS_OF_OUR_CLIENT = [
  [400, 'invalid_client', 'Audience not found'],
  [400, 'invalid_client', ''],
  [400, 'unauthorized_client', ''],
  [400, 'unsupported_grant_type', ''],
  [400, 'invalid_request', 'Standard token exchange is not enabled'],
  [400, 'invalid_scope', 'Invalid scopes'],
  [401, 'unauthorized_client', ''],
  [401, 'invalid_client', ''],
  [404, 'Realm does not exist', ''],
] as const

/** Keycloak refuses, lies, fails and repeats what it was sent. */
export function keycloakChecks(house: House): readonly Check[] {
  const run = (name: string, work: (running: Running) => Promise<void>, env = {}) =>
    house.withScopelift({ name, env: { EXCHANGE_TIMEOUT_MS: '500', ...env } }, async (running) => {
      house.behave((req, res) => {
        if (requireScope(req, res, SCOPE)) res.end('granted')
      })
      try {
        await work(running)
      } finally {
        house.authorizationServer.faults.clear()
      }
    })
  return [
    {
      sentence: 'Keycloak refuses and repeats token and secret in its words',
      run: () => run('refusals', (running) => refusals(house, running)),
    },
    ...FAULTS_OF_OUR_CLIENT.map(
      (fault): Check => ({
        sentence: `our client is at fault: ${fault.filter(Boolean).join(' ')}`,
        run: () =>
          run(`fault ${fault.join(' ')}`, async (running) => {
            const token = await house.token()
            house.authorizationServer.faults.always(repeating(house, fault, token))
            await expectOutcome(house, running, 'exchange-refused', token)
          }),
      }),
    ),
    {
      sentence: 'a wrong secret, in the environment and in the form',
      run: () => {
        const wrong = house.needles.plant('a wrong client secret')
        const env = {
          KEYCLOAK_CLIENT_SECRET_FILE: undefined,
          KEYCLOAK_CLIENT_SECRET: wrong,
          KEYCLOAK_AUTH_METHOD: 'client_secret_post',
        }
        const work = async (running: Running) =>
          expectOutcome(house, running, 'exchange-refused', await house.token())
        return run('wrong secret', work, env)
      },
    },
    {
      sentence: 'the issued token lies about each of its claims',
      run: () => run('lies', (running) => lies(house, running)),
    },
    {
      sentence: 'Keycloak stalls, resets, answers too much or nonsense, and the breaker opens',
      run: () => run('outage', (running) => outage(house, running)),
    },
    {
      sentence: 'key set and discovery answer with tokens and secrets',
      run: async () => {
        const { faults } = house.authorizationServer
        for (const endpoint of ['certs', 'discovery'] as const) standing(house, endpoint)
        await run('nonsense at start', async (running) =>
          expectOutcome(house, running, 'exchange-unavailable', await house.token()),
        ).finally(() => faults.clear())
      },
    },
    {
      sentence: 'the caller leaves while Keycloak thinks',
      run: () => run('abandoned', (running) => abandon(house, running)),
    },
  ]
}

async function refusals(house: House, running: Running): Promise<void> {
  for (const refusal of REFUSALS_OF_A_CALLER) {
    const token = await house.token()
    house.authorizationServer.faults.next(repeating(house, refusal, token))
    await expectOutcome(house, running, 'exchange-refused', token)
  }
}

function repeating(
  { secret }: House,
  [status, error, description]: readonly [number, string, string],
  token: string,
): Fault {
  const error_description = `${description} ${token} ${secret}`
  // Where the words decide, they must stay what they are, so the token stands beside them.
  const isExact = ['Invalid token', 'Audience not found', 'Parameter is longer than allowed']
  const body = isExact.includes(description)
    ? { error, error_description: description, token, secret }
    : { error, error_description, error_uri: `https://x.example/?${token}` }
  const headers = { 'content-type': 'application/json', 'www-authenticate': `Bearer ${token}` }
  return { kind: 'answer', status, headers, body: JSON.stringify(body) }
}

async function lies(house: House, running: Running): Promise<void> {
  const aMinuteAgo = Math.floor(Date.now() / 1000) - 120
  const faults: readonly Fault[] = [
    { kind: 'claims', claims: { sub: 'somebody-else' } },
    { kind: 'claims', claims: { iss: 'https://evil.example' } },
    { kind: 'claims', claims: { aud: 'another' } },
    { kind: 'claims', claims: { exp: aMinuteAgo } },
    { kind: 'claims', claims: { nbf: aMinuteAgo + 100_000 } },
    { kind: 'claims', claims: { scope: `${SCOPE} llama:admin` } },
    { kind: 'bad-signature' },
  ]
  for (const fault of faults) {
    house.authorizationServer.faults.next(fault)
    await expectOutcome(house, running, 'exchange-refused', await house.token())
  }
}

async function outage(house: House, running: Running): Promise<void> {
  const token = await house.token()
  const echo = JSON.stringify({ access_token: `${token} ${house.secret}`, token_type: 'Bearer' })
  const faults: readonly Fault[] = [
    { kind: 'stall' },
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'huge-body', bytes: 400_000 },
    { kind: 'answer', status: 200, body: echo },
    { kind: 'answer', status: 302, headers: { location: `http://127.0.0.1:9/?t=${token}` } },
    { kind: 'answer', status: 429, body: echo },
    { kind: 'answer', status: 500, body: `${token} ${house.secret}` },
  ]
  for (const fault of faults) {
    house.authorizationServer.faults.next(fault)
    await expectOutcome(house, running, 'exchange-unavailable', await house.token())
  }
}

function standing(house: House, endpoint: Endpoint): void {
  const planted = house.needles.plant(`what ${endpoint} answers`)
  const body = JSON.stringify({ issuer: planted, keys: [planted, house.secret] })
  house.authorizationServer.faults.always({ kind: 'answer', status: 200, body }, endpoint)
}

async function abandon(house: House, running: Running): Promise<void> {
  const { authorizationServer } = house
  // The key set must be there, or the caller leaves before Keycloak is asked for an exchange.
  await expectOutcome(house, running, 'stepped-up', await house.token())
  authorizationServer.faults.next({ kind: 'stall' })
  const before = authorizationServer.exchanges
  const connection = await connectRaw(running.url)
  const token = await house.token()
  connection.write(`POST /v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`)
  connection.write('Content-Length: 2\r\n\r\n{}')
  await until(() => authorizationServer.exchanges > before)
  connection.socket.destroy()
  await until(async () => /result="abandoned"\} 1/.test(await running.ask('/metrics')))
}

export async function until(isMet: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(20_000)
  while (!(await isMet())) {
    assert.ok(!deadline.aborted, 'what was waited for did not happen within 20 s')
    await wait(25)
  }
}
